import { philox } from "../../tensor/random.ts";
import { drawBelow } from "../draw_below.ts";
import type { MaskShape, PatchMask } from "./patch_mask.ts";

const PURPOSE = 0x626c6f63; // "bloc"

/** Where the block lies: anywhere, or in the middle as in the paper's figure. */
export type BlockPlacement = "random" | "centre";

/**
 * Block mask: keep one block of patches that touch each other, drop the rest (paper 1, section 3.2,
 * "removing large blocks"). Neither code base has it, and the paper shows square blocks only. So:
 *
 * - Shape: `width` = ceil(sqrt(keep)) columns, floor(keep / width) whole rows, and what is left over
 *   as one row of touching patches below them. A square number gives a square: 9 = 3 x 3. 98 = 9 rows
 *   of 10 and a row of 8.
 * - Placement `random`: the box around the block, `height` x `width`, is uniform over the
 *   (grid - height + 1) x (grid - width + 1) places where it fits; the row that is left over starts
 *   uniformly in it. Top, left and that start are drawBelow of words 0, 1 and 2 of philox(seed, "bloc",
 *   epoch, row, 0, 0).
 * - Placement `centre`: half of the free space, rounded down, on the top and on the left.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { blockMask } from "./block_mask.ts";
 *
 * const kept = new Int32Array(5);
 * blockMask({ grid: 5, keep: 5 }, "centre")({ seed: 0, epoch: 0, row: 0 }, kept, 0);
 * assert.deepEqual([...kept], [6, 7, 8, 11, 12]); // a row of three, and a row of two below it
 * ```
 */
export function blockMask({ grid, keep }: MaskShape, placement: BlockPlacement): PatchMask {
  const { width, rows, rest, height } = blockShape(keep);
  const draw = placement === "random"
    ? drawBelow
    : (_word: number, count: number) => (count - 1) >> 1;
  return ({ seed, epoch, row }, out, at) => {
    const words = philox(seed, PURPOSE, epoch, row, 0, 0);
    const top = draw(words[0], grid - height + 1);
    const left = draw(words[1], grid - width + 1);
    const start = left + draw(words[2], width - rest + 1);
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < width; x++) out[at++] = (top + y) * grid + left + x;
    }
    for (let x = 0; x < rest; x++) out[at++] = (top + rows) * grid + start + x;
  };
}

/** Whole rows of a width, a rest below them, and the height of all. */
function blockShape(keep: number) {
  const width = Math.ceil(Math.sqrt(keep));
  const rows = Math.floor(keep / width);
  const rest = keep - rows * width;
  return { width, rows, rest, height: rows + (rest > 0 ? 1 : 0) };
}
