import type { DrawKey } from "../../data/augment/draw_crop.ts";

/**
 * Writes the numbers of the kept patches of one sample, row-major and ascending, to `out` from `at`.
 *
 * A pure function of the key: the same sample of the same epoch keeps the same patches, whoever
 * asks, in whichever order. Ascending, because the position of a patch is added before it is
 * dropped: the JAX code leaves them in random order, which no result can depend on.
 */
export type PatchMask = (key: DrawKey, out: Int32Array, at: number) => void;

/** Where a mask applies: a square of patches and how many of them stay. */
export interface MaskShape {
  /** Patches along a side. */
  readonly grid: number;
  /** Patches that are kept. */
  readonly keep: number;
}
