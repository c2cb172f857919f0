/** Pieces 0 to 255 are the bytes of UTF-8, so that no character is unknown. */
export const BYTE_PIECES = 256;

/** Pieces are numbered below this, so that a pair of them fits an exact integer key. */
export const MAX_PIECES = 2 ** 16;

/** Two neighbouring pieces that are joined. */
export type Merge = readonly [left: number, right: number];

/**
 * A byte-pair code: which neighbouring pieces are joined, and in which order. Two merges that spell
 * the same bytes give the same piece.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { Bpe } from "./bpe.ts";
 *
 * const bpe = new Bpe([[99, 97], [256, 116]]); // c + a, ca + t
 * assert.deepEqual(bpe.encodeWord("cats"), [257, 115]);
 * assert.equal(new TextDecoder().decode(bpe.bytesOf(257)), "cat");
 * ```
 */
export class Bpe {
  /** In order of priority. */
  readonly merges: readonly Merge[];
  readonly #pieces: Uint8Array[] = [];
  readonly #rank = new Map<number, number>();
  readonly #result: Int32Array;

  /** @throws {SyntaxError} when a merge repeats, or names a piece that does not exist yet. */
  constructor(merges: readonly Merge[]) {
    this.merges = merges;
    this.#result = new Int32Array(merges.length);
    const numbers = new Map<string, number>();
    for (let byte = 0; byte < BYTE_PIECES; byte++) {
      this.#pieces.push(Uint8Array.of(byte));
      numbers.set(String.fromCharCode(byte), byte);
    }
    merges.forEach(([left, right], index) => {
      this.#check(left, right, index);
      const bytes = Uint8Array.of(...this.#pieces[left], ...this.#pieces[right]);
      const spelling = String.fromCharCode(...bytes);
      const piece = numbers.get(spelling) ?? this.#pieces.push(bytes) - 1;
      numbers.set(spelling, piece);
      this.#rank.set(pairKey(left, right), index);
      this.#result[index] = piece;
    });
  }

  /** Number of pieces, the 256 bytes included. */
  get size(): number {
    return this.#pieces.length;
  }

  /** Pieces of one word, by joining the pair of the highest priority until none is left. */
  encodeWord(word: string): number[] {
    const pieces: number[] = Array.from(new TextEncoder().encode(word));
    while (pieces.length > 1) {
      let best = Infinity;
      for (let i = 1; i < pieces.length; i++) {
        const rank = this.#rank.get(pairKey(pieces[i - 1], pieces[i]));
        if (rank !== undefined && rank < best) best = rank;
      }
      if (best === Infinity) break;
      joinPair(pieces, this.merges[best], this.#result[best]);
    }
    return pieces;
  }

  /** The bytes of a piece. */
  bytesOf(piece: number): Uint8Array {
    const bytes = this.#pieces[piece];
    if (bytes === undefined) {
      throw new RangeError(`piece ${piece} does not exist; allowed: 0 to ${this.size - 1}`);
    }
    return bytes;
  }

  #check(left: number, right: number, index: number) {
    for (const piece of [left, right]) {
      if (!Number.isInteger(piece) || piece < 0 || piece >= this.size) {
        throw new SyntaxError(
          `merges[${index}]: seen piece ${piece}; allowed here: 0 to ${this.size - 1}`,
        );
      }
    }
    if (this.#rank.has(pairKey(left, right))) {
      throw new SyntaxError(`merges[${index}]: seen [${left}, ${right}] twice; allowed: once`);
    }
    if (this.size >= MAX_PIECES) {
      throw new SyntaxError(`merges[${index}]: seen more than ${MAX_PIECES} pieces`);
    }
  }
}

/** One number for a pair of pieces. */
export function pairKey(left: number, right: number): number {
  return left * MAX_PIECES + right;
}

/** Replace each `pair` in `pieces`, from the left, by `joined`; in place. */
export function joinPair(pieces: number[], [left, right]: Merge, joined: number) {
  let kept = 0;
  for (let i = 0; i < pieces.length; i++) {
    const hit = pieces[i] === left && i + 1 < pieces.length && pieces[i + 1] === right;
    pieces[kept++] = hit ? joined : pieces[i];
    if (hit) i++;
  }
  pieces.length = kept;
}
