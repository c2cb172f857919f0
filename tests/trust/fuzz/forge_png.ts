import { crc32, deflateSync, inflateSync } from "node:zlib";
import { type Dice, join, mutate, noise, overwrite } from "./mutate.ts";

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array<ArrayBuffer>;
  /** A length that is not the data's. */
  readonly lie?: number;
}

const SIGNATURE_BYTES = 8;
const SIDES = [0, 1, 3, 7, 8, 9, 1023, 1024, 65_535, 2 ** 31 - 1, 2 ** 32 - 1];
const TYPES = [
  "PLTE",
  "tRNS",
  "iCCP",
  "gAMA",
  "tEXt",
  "zTXt",
  "acTL",
  "fcTL",
  "fdAT",
  "eXIf",
  "XXXX",
];

/** The right check-sum for every chunk whose length leads to the next. */
export function resealPng(input: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = Uint8Array.from(input);
  const view = new DataView(out.buffer);
  for (let at = SIGNATURE_BYTES; at + 12 <= out.length;) {
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > out.length) break;
    view.setUint32(end, crc32(out.subarray(at + 4, end)));
    at = end + 4;
  }
  return out;
}

/** A PNG with right check-sums: another head, other pixels packed anew, chunks added, doubled or lost. */
export function forgePng(dice: Dice, seed: Uint8Array): Uint8Array<ArrayBuffer> {
  const chunks = chunksOf(seed);
  for (let left = 1 + dice.below(3); left > 0; left--) alter(dice, chunks);
  const png = join(seed.subarray(0, SIGNATURE_BYTES), ...chunks.map(encodeChunk));
  return dice.below(8) === 0 ? png.slice(0, dice.below(png.length + 1)) : png;
}

function alter(dice: Dice, chunks: Chunk[]): void {
  const at = dice.below(chunks.length);
  const chunk = chunks[at];
  switch (dice.below(8)) {
    case 0:
    case 1: {
      const head = chunks.findIndex(({ type, data }) => type === "IHDR" && data.length === 13);
      if (head < 0) return;
      const data = Uint8Array.from(chunks[head].data);
      const view = new DataView(data.buffer);
      if (dice.below(2) === 0) view.setUint32(4 * dice.below(2), dice.pick(SIDES));
      else data[8 + dice.below(5)] = dice.pick([0, 1, 2, 3, 4, 6, 7, 8, 16, 255]);
      chunks[head] = { type: "IHDR", data };
      return;
    }
    case 2:
    case 3: {
      const pixels = chunks.findIndex(({ type }) => type === "IDAT");
      if (pixels < 0) return;
      const raw = unpacked(chunks[pixels].data);
      if (raw === null) return;
      const other = dice.below(2) === 0 ? overwrite(dice, raw) : mutate(dice, [raw]);
      chunks[pixels] = { type: "IDAT", data: Uint8Array.from(deflateSync(other)) };
      return;
    }
    case 4:
      chunks.splice(at, 0, { type: dice.pick(TYPES), data: noise(dice, dice.below(60)) });
      return;
    case 5:
      chunks.splice(dice.below(chunks.length + 1), 0, chunk);
      return;
    case 6:
      if (chunks.length > 1) chunks.splice(at, 1);
      return;
    default:
      chunks[at] = dice.below(3) === 0
        ? { ...chunk, lie: dice.pick([0, 1, 65_536, 2 ** 31 - 1, 2 ** 32 - 1]) }
        : { ...chunk, data: mutate(dice, [chunk.data]) };
  }
}

function unpacked(data: Uint8Array): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(inflateSync(data));
  } catch {
    return null;
  }
}

function chunksOf(png: Uint8Array): Chunk[] {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE_BYTES; at + 12 <= png.length;) {
    const end = at + 8 + view.getUint32(at);
    const type = new TextDecoder("latin1").decode(png.subarray(at + 4, at + 8));
    chunks.push({ type, data: png.slice(at + 8, end) });
    at = end + 4;
  }
  return chunks;
}

function encodeChunk({ type, data, lie }: Chunk): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(12 + data.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, lie ?? data.length);
  new TextEncoder().encodeInto(type, out.subarray(4, 8));
  out.set(data, 8);
  view.setUint32(8 + data.length, crc32(out.subarray(4, 8 + data.length)));
  return out;
}
