import { philox } from "../../tensor/random.ts";
import { drawBelow } from "../draw_below.ts";
import type { MaskShape, PatchMask } from "./patch_mask.ts";

const PURPOSE = 0x67726964; // "grid"

/** Whether the kept corner of the windows is fixed, drawn for each sample, or for each window. */
export type GridJitter = "none" | "sample" | "window";

/** Kept patches of a window as bits: 1 = top left, 2 = top right, 4 = bottom left, 8 = bottom right. */
const ONE_OF_FOUR = [1, 2, 4, 8];
/** All pairs, in the order of their first and second patch. */
const TWO_OF_FOUR = [3, 5, 9, 6, 10, 12];
/** Without jitter: the top left patch, or top left and bottom right. */
const FIXED = { one: 1, two: 9 };

/**
 * Grid mask: one patch of each window of 2 x 2 (75 % masked) or two (50 %); paper 1, section 3.2.
 * Neither code base has it. The paper's figure keeps the top left patch, which is the pattern without
 * jitter. Two patches are not shown there; without jitter they are top left and bottom right, so that
 * every row and column of patches keeps half.
 *
 * With jitter `sample` all windows of a picture keep the same patches, with `window` each has its own
 * draw: one of the 4 patches, or one of the 6 pairs. The pattern of window w (row-major) is
 * drawBelow(word w, 4 or 6), word w being number w % 4 of philox(seed, "grid", epoch, row,
 * floor(w / 4), 0); with `sample`, word 0 decides for all.
 *
 * @param shape An even `grid`; `keep` a quarter or a half of its patches.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { gridMask } from "./grid_mask.ts";
 *
 * const kept = new Int32Array(4);
 * gridMask({ grid: 4, keep: 4 }, "none")({ seed: 0, epoch: 0, row: 0 }, kept, 0);
 * assert.deepEqual([...kept], [0, 2, 8, 10]);
 * ```
 */
export function gridMask({ grid, keep }: MaskShape, jitter: GridJitter): PatchMask {
  const windows = grid / 2;
  const one = 4 * keep === grid * grid;
  if (!Number.isInteger(windows) || (!one && 2 * keep !== grid * grid)) {
    throw new RangeError(
      `grid mask: seen ${keep} of ${grid} x ${grid} patches; allowed: a quarter or a half of an ` +
        "even grid",
    );
  }
  const patterns = one ? ONE_OF_FOUR : TWO_OF_FOUR;
  const chosen = new Uint8Array(windows * windows).fill(one ? FIXED.one : FIXED.two);
  return ({ seed, epoch, row }, out, at) => {
    if (jitter === "sample") {
      const [word] = philox(seed, PURPOSE, epoch, row, 0, 0);
      chosen.fill(patterns[drawBelow(word, patterns.length)]);
    } else if (jitter === "window") {
      for (let w = 0; w < chosen.length; w += 4) {
        const words = philox(seed, PURPOSE, epoch, row, w / 4, 0);
        for (let k = 0; k < 4 && w + k < chosen.length; k++) {
          chosen[w + k] = patterns[drawBelow(words[k], patterns.length)];
        }
      }
    }
    for (let y = 0; y < grid; y++) {
      for (let x = 0; x < grid; x++) {
        const bit = 1 << (2 * (y % 2) + x % 2);
        if (chosen[(y >> 1) * windows + (x >> 1)] & bit) out[at++] = y * grid + x;
      }
    }
  };
}
