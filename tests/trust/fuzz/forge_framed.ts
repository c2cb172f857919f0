import { type Dice, join, mutate, overwrite } from "./mutate.ts";

/** A safetensors file with a changed header, whose length in front is right, over data that fit or not. */
export function forgeSafetensors(dice: Dice, seed: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = Number(new DataView(seed.buffer, seed.byteOffset).getBigUint64(0, true));
  const header = mutate(dice, [seed.subarray(8, 8 + length)]);
  const data = Uint8Array.from(seed.subarray(8 + length));
  const front = new Uint8Array(8);
  const said = dice.below(16) === 0 ? 1 + dice.below(4 * header.length) : header.length;
  new DataView(front.buffer).setBigUint64(0, BigInt(said), true);
  return join(front, header, dice.below(4) === 0 ? data.slice(0, dice.below(data.length)) : data);
}

/**
 * A Parquet file whose footer has the length that stands behind it: pages of the same lengths with other
 * bytes in them, or another footer.
 */
export function forgeParquet(dice: Dice, seed: Uint8Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(seed.buffer, seed.byteOffset, seed.byteLength);
  const start = seed.length - 8 - view.getUint32(seed.length - 8, true);
  const pages = Uint8Array.from(seed.subarray(4, start));
  const footer = Uint8Array.from(seed.subarray(start, seed.length - 8));
  const what = dice.below(3);
  if (what !== 1) overwrite(dice, pages);
  const other = what === 0
    ? footer
    : dice.below(2) === 0
    ? overwrite(dice, footer)
    : mutate(dice, [footer]);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, other.length, true);
  const magic = seed.subarray(0, 4);
  return join(magic, pages, other, length, magic);
}
