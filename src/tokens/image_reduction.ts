import { resize } from "./image/resize.ts";
import { pickStrategy } from "./pick_strategy.ts";

/** What a reduction asks of the picture. */
export interface ImagePlan {
  /** Side of the square picture that goes into the tower, in pixels. */
  readonly size: number;
  /** Patches along a side. */
  readonly grid: number;
  /** Patches that the tower sees, without the class token. */
  readonly tokens: number;
}

/** One way to spend few image tokens on a picture. */
export interface ImageReduction {
  /**
   * The picture for a number of patches, without the class token.
   *
   * @throws {RangeError} when no picture gives this number.
   */
  plan(tokens: number, patch: number): ImagePlan;
}

/** The implemented reductions by name; one file each in `image/`. */
export const IMAGE_REDUCTIONS = { resize } as const satisfies Record<string, ImageReduction>;

/** Name of an implemented image reduction. */
export type ImageStrategy = keyof typeof IMAGE_REDUCTIONS;

/**
 * The image reduction of a name.
 *
 * @throws {RangeError} for another name; lists the implemented ones.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { imageReduction } from "./image_reduction.ts";
 *
 * assert.deepEqual(imageReduction("resize").plan(16, 8), { size: 32, grid: 4, tokens: 16 });
 * ```
 */
export function imageReduction(name: string): ImageReduction {
  return pickStrategy("image", IMAGE_REDUCTIONS, name);
}
