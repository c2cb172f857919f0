import { imageTokenProblem } from "../config/image_token_rule.ts";
import type { ImageBudget } from "../config/stage_recipe.ts";
import { blockMask } from "./image/block_mask.ts";
import { gridMask } from "./image/grid_mask.ts";
import type { MaskShape, PatchMask } from "./image/patch_mask.ts";
import { randomMask } from "./image/random_mask.ts";
import { pickStrategy } from "./pick_strategy.ts";

/** What a reduction asks of the picture. */
export interface ImagePlan {
  /** Side of the square picture, in pixels. */
  readonly size: number;
  /** Patches along a side. */
  readonly grid: number;
  /** Patches that the tower sees, without the class token. */
  readonly tokens: number;
  /** Which patches those are; null when they are all. */
  readonly mask: PatchMask | null;
}

/** How a reduction chooses patches; null keeps all of them. */
type ImageReduction = (shape: MaskShape, budget: ImageBudget) => PatchMask | null;

/**
 * The image reductions by name; the masks have one file each in `image/`.
 *
 * `resize`: crop, then shrink the whole picture until it has the wanted number of patches; all of them
 * are kept (paper 1, section 3.2; "force image size" in the code). The best of the image reductions
 * there, since every part of the picture still has a say. Unlike the JAX code, which cuts the resized
 * values to whole numbers, the kit's resize rounds them as Pillow does: cutting darkens every picture
 * by half a step, and pictures that are used later are prepared by Pillow.
 */
export const IMAGE_REDUCTIONS: Readonly<Record<ImageBudget["strategy"], ImageReduction>> = {
  resize: () => null,
  random: (shape) => randomMask(shape),
  grid: (shape, { jitter = "none" }) => gridMask(shape, jitter),
  block: (shape, { placement = "random" }) => blockMask(shape, placement),
};

/**
 * The picture and the mask of a budget.
 *
 * @param patch Side of a patch, in pixels.
 * @throws {RangeError} for an unknown strategy, or a number of tokens that it cannot give; says what is
 * allowed and the nearest values.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { planImage } from "./image_reduction.ts";
 *
 * const { grid, mask } = planImage({ strategy: "block", size: 48, tokens: 9 }, 8);
 * const kept = new Int32Array(9);
 * mask!({ seed: 1, epoch: 0, row: 7 }, kept, 0);
 * assert.equal(kept[8] - kept[0], 2 * grid + 2); // the corners of a square of 3 x 3
 * ```
 */
export function planImage(budget: ImageBudget, patch: number): ImagePlan {
  const reduction = pickStrategy("image", IMAGE_REDUCTIONS, budget.strategy);
  const problem = imageTokenProblem(budget, patch);
  if (problem !== undefined) throw new RangeError(`image.${problem}`);
  const { size, tokens } = budget;
  const grid = size / patch;
  return { size, grid, tokens, mask: reduction({ grid, keep: tokens }, budget) };
}
