import { checkPatch } from "./image_size_for.ts";

/**
 * Patches of a square picture, without the class token: (size / patch) squared.
 *
 * @param size Side of the picture, in pixels; a multiple of the patch.
 * @param patch Side of a patch, in pixels.
 * @throws {RangeError} when the patch does not divide the side; names the nearest sides.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { imageTokensFor } from "./image_tokens_for.ts";
 *
 * assert.equal(imageTokensFor(224, 14), 256);
 * ```
 */
export function imageTokensFor(size: number, patch: number): number {
  checkPatch(patch);
  const side = size / patch;
  if (Number.isInteger(side) && side >= 1) return side * side;
  const below = Number.isFinite(side) ? Math.max(0, Math.floor(side)) : 0;
  const nearest = [below, below + 1].filter((s) => s > 0).map((s) => s * patch).join(" or ");
  throw new RangeError(
    `image.size: seen ${size}; allowed: a multiple of the patch ${patch}; nearest: ${nearest}`,
  );
}
