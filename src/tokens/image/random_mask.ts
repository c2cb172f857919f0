import { philox } from "../../tensor/random.ts";
import { drawBelow } from "../draw_below.ts";
import type { MaskShape, PatchMask } from "./patch_mask.ts";

const PURPOSE = 0x72616e64; // "rand"

/**
 * Random mask: every set of `keep` patches is equally likely (paper 1, section 3.2; `mask_ratio` of
 * the JAX code, `PatchDropout` of the PyTorch code). In training only, as both do.
 *
 * Selection sampling (Knuth, volume 2, algorithm S): patch i stays when drawBelow(word i, patches
 * left) is below the number still wanted. One pass, no sort. Word i is number i % 4 of
 * philox(seed, "rand", epoch, row, floor(i / 4), 0).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { randomMask } from "./random_mask.ts";
 *
 * const kept = new Int32Array(9);
 * randomMask({ grid: 6, keep: 9 })({ seed: 1, epoch: 0, row: 7 }, kept, 0);
 * assert.equal(new Set(kept).size, 9);
 * ```
 */
export function randomMask({ grid, keep }: MaskShape): PatchMask {
  const patches = grid * grid;
  return ({ seed, epoch, row }, out, at) => {
    const end = at + keep;
    for (let block = 0; at < end; block++) {
      const words = philox(seed, PURPOSE, epoch, row, block, 0);
      for (let k = 0; k < 4 && at < end; k++) {
        const patch = 4 * block + k;
        if (drawBelow(words[k], patches - patch) < end - at) out[at++] = patch;
      }
    }
  };
}

/**
 * Patches that stay at a mask ratio: floor(patches x (1 - ratio)), at least one. The JAX code rounds
 * down so; the PyTorch code states the kept share instead, and keeps at least one.
 *
 * @param ratio Share that is dropped, 0 up to but not including 1.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { keptPatches } from "./random_mask.ts";
 *
 * assert.equal(keptPatches(16 * 16, 0.3), 179);
 * ```
 */
export function keptPatches(patches: number, ratio: number): number {
  if (!(ratio >= 0 && ratio < 1)) {
    throw new RangeError(`mask ratio: seen ${ratio}; allowed: 0 up to, not including, 1`);
  }
  return Math.max(1, Math.floor(patches * (1 - ratio)));
}
