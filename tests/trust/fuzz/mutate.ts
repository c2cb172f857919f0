/** A small fast generator, the same everywhere: xorshift32. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed ^ 0x9e3779b9) >>> 0 || 1;
    for (let i = 0; i < 4; i++) this.below(2);
  }

  /** One that goes on where another had this state. */
  static at(state: number): Dice {
    const dice = new Dice(0);
    dice.#state = state >>> 0 || 1;
    return dice;
  }

  get state(): number {
    return this.#state;
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    let x = this.#state;
    x ^= x << 13;
    x >>>= 0;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>>= 0;
    return Math.floor(x / 2 ** 32 * limit);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }
}

/** Longest mutated input, in bytes. */
const LONGEST = 1 << 16;

const BYTES = [0, 1, 9, 10, 13, 32, 34, 39, 48, 57, 58, 91, 93, 123, 125, 127, 128, 255];

/** Pieces that parsers stumble over. */
const PIECES = [
  "__proto__",
  '{"__proto__":1}',
  "constructor",
  "null",
  "NaN",
  "Infinity",
  "-Infinity",
  "1e999",
  "-1e999",
  "-1",
  "0",
  "-0",
  "2147483648",
  "4294967295",
  "9007199254740993",
  "1e-400",
  "[[[[[[[[[[[[[[[[",
  "{{{{{{{{{{{{{{{{",
  '"',
  "\\u0000",
  "\\ud800",
  "\ud83d\ude00",
  "\u0000",
  "&a [*a, *a]",
  "*a",
  "!!js/function 'x'",
  "<<: *a",
  "../../../etc/passwd",
  "'".repeat(64),
  " ".repeat(300),
  "9".repeat(400),
].map((text) => new TextEncoder().encode(text));

/**
 * One to six random changes of a valid input: bits, bytes, numbers, pieces that are cut, doubled, swapped
 * or spliced in, and cuts at the end. Now and then nothing but noise.
 */
export function mutate(dice: Dice, seeds: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  if (dice.below(200) === 0) return noise(dice, dice.below(2048));
  let bytes = Uint8Array.from(dice.pick(seeds));
  for (let left = 1 + dice.below(6); left > 0; left--) {
    bytes = change(dice, bytes, seeds).slice(0, LONGEST);
  }
  return bytes;
}

/** One to six bytes or numbers changed in place, so that everything keeps its place and length. */
export function overwrite(dice: Dice, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  for (let left = 1 + dice.below(6); left > 0 && bytes.length > 0; left--) {
    const at = dice.below(bytes.length);
    const kind = dice.below(4);
    if (kind === 0) bytes[at] ^= 1 << dice.below(8);
    else if (kind === 1) bytes[at] = dice.pick(BYTES);
    else if (kind === 2) bytes[at] = dice.below(256);
    else if (bytes.length >= 8) setNumber(dice, bytes);
  }
  return bytes;
}

function change(dice: Dice, bytes: Uint8Array<ArrayBuffer>, seeds: readonly Uint8Array[]) {
  const at = dice.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + dice.below(dice.below(4) === 0 ? 600 : 12));
  switch (dice.below(10)) {
    case 0:
      if (at < bytes.length) bytes[at] ^= 1 << dice.below(8);
      return bytes;
    case 1:
      if (at < bytes.length) bytes[at] = dice.pick(BYTES);
      return bytes;
    case 2:
      return join(bytes.subarray(0, at), bytes.subarray(end));
    case 3:
      return join(bytes.subarray(0, end), bytes.subarray(at, end), bytes.subarray(end));
    case 4:
      return join(bytes.subarray(0, at), dice.pick(PIECES), bytes.subarray(at));
    case 5:
      return join(bytes.subarray(0, at), dice.pick(PIECES), bytes.subarray(end));
    case 6:
      return bytes.slice(0, at);
    case 7: {
      const other = dice.pick(seeds);
      const from = dice.below(other.length + 1);
      return join(
        bytes.subarray(0, at),
        other.subarray(from, from + dice.below(200)),
        bytes.subarray(end),
      );
    }
    case 8:
      return changeNumber(dice, bytes);
    default:
      return join(bytes.subarray(0, at), noise(dice, 1 + dice.below(16)), bytes.subarray(end));
  }
}

/** Puts another number where digits stand, or where a field of 4 or 8 bytes might. */
function changeNumber(dice: Dice, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (bytes.length < 8) return bytes;
  if (dice.below(2) === 0) return setNumber(dice, bytes);
  let first = dice.below(bytes.length);
  while (first < bytes.length && !isDigit(bytes[first])) first++;
  let last = first;
  while (last < bytes.length && isDigit(bytes[last])) last++;
  const number = new TextEncoder().encode(
    dice.pick(["0", "1", "-1", "7", "65536", "1e9", "99999999999999999999", "0.1", "1e308"]),
  );
  return join(bytes.subarray(0, first), number, bytes.subarray(last));
}

function setNumber(dice: Dice, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = dice.below(bytes.length - 7);
  const value = dice.pick([0n, 1n, 0xffn, 0x7fffffffn, 0xffffffffn, 1n << 40n, (1n << 63n) - 1n]);
  view.setBigUint64(at, value + BigInt(dice.below(3)), true);
  return bytes;
}

const isDigit = (byte: number) => byte >= 48 && byte <= 57;

/** Random bytes. */
export function noise(dice: Dice, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = dice.below(256);
  return bytes;
}

/** One array of several. */
export function join(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
