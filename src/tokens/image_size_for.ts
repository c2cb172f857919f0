/**
 * Side, in pixels, of the square picture that gives this many patches: sqrt(tokens) x patch.
 *
 * @param tokens Patches, without the class token; a square number.
 * @param patch Side of a patch, in pixels.
 * @throws {RangeError} when no square picture gives so many patches; names the nearest that do.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { imageSizeFor } from "./image_size_for.ts";
 *
 * assert.equal(imageSizeFor(36, 14), 84);
 * ```
 */
export function imageSizeFor(tokens: number, patch: number): number {
  checkPatch(patch);
  const side = Math.sqrt(tokens);
  if (Number.isInteger(side) && side >= 1) return side * patch;
  const below = Number.isFinite(side) ? Math.floor(side) : 0;
  const nearest = [below, below + 1].filter((s) => s > 0)
    .map((s) => `${s * s} (size ${s * patch})`).join(" or ");
  throw new RangeError(
    `image.tokens: seen ${tokens}; allowed: the square of a whole number, since a picture of whole ` +
      `patches is square; nearest: ${nearest}`,
  );
}

/** Complains about a patch that is no whole number of pixels. */
export function checkPatch(patch: number) {
  if (Number.isInteger(patch) && patch >= 1) return;
  throw new RangeError(`patch: seen ${patch}; allowed: a whole number of pixels from 1`);
}
