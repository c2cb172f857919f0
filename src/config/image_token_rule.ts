/** Names of the image reductions, in the order of paper 1, figure 2. */
export const IMAGE_STRATEGIES = ["resize", "random", "grid", "block"] as const;

/** Name of an image reduction. */
export type ImageStrategyName = typeof IMAGE_STRATEGIES[number];

/** What an image reduction is asked for. */
export interface ImageTokenRequest {
  readonly strategy: ImageStrategyName;
  /** Side of the square picture, in pixels. */
  readonly size: number;
  /** Patches that the tower sees, without the class token. */
  readonly tokens: number;
}

/**
 * What is wrong with a number of image tokens, if anything. Which numbers a reduction can give:
 *
 * - `resize`: (size / patch)^2, since all patches of the small picture are kept;
 * - `random`, `block`: any number of the picture's patches;
 * - `grid`: a quarter or a half of the patches of a picture with an even number of patches a side. The
 *   paper names the ratios 75 % and 50 %; another ratio has no pattern in a window of 2 x 2.
 *
 * @param patch Side of a patch, in pixels.
 * @returns the field, what was seen, what is allowed and the nearest values; undefined when all is well.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { imageTokenProblem } from "./image_token_rule.ts";
 *
 * assert.equal(imageTokenProblem({ strategy: "grid", size: 48, tokens: 9 }, 8), undefined);
 * assert.match(imageTokenProblem({ strategy: "grid", size: 48, tokens: 12 }, 8)!, /nearest: 9 or 18/);
 * ```
 */
export function imageTokenProblem(
  { strategy, size, tokens }: ImageTokenRequest,
  patch: number,
): string | undefined {
  const side = size / patch;
  if (!Number.isInteger(side) || side < 1) {
    return `size: seen ${size}; allowed: a multiple of the patch ${patch}; nearest: ${
      near(side, 1, Infinity, patch)
    }`;
  }
  const patches = side * side;
  if (strategy === "resize") return resizeProblem(size, tokens, patch);
  if (strategy === "grid") return gridProblem(size, tokens, patch);
  if (Number.isInteger(tokens) && tokens >= 1 && tokens <= patches) return undefined;
  return `tokens: seen ${tokens} at size ${size}; allowed with strategy ${strategy}: 1 to ` +
    `${patches}, the patches of the picture; nearest: ${near(tokens, 1, patches)}`;
}

function resizeProblem(size: number, tokens: number, patch: number): string | undefined {
  if (tokens === (size / patch) ** 2) return undefined;
  const side = Math.sqrt(tokens);
  const sides = Number.isInteger(side) && side >= 1 ? [side] : [Math.floor(side), Math.ceil(side)];
  const choices = sides.filter((s) => s > 0).map((s) => `${s * s} (size ${s * patch})`);
  return `tokens: seen ${tokens} at size ${size}; allowed with strategy resize: (size / patch)^2 ` +
    `with patch ${patch}; nearest: ${choices.join(" or ") || `1 (size ${patch})`}`;
}

function gridProblem(size: number, tokens: number, patch: number): string | undefined {
  const side = size / patch;
  if (side % 2 !== 0) {
    const sizes = [side - 1, side + 1].filter((s) => s > 0).map((s) => s * patch).join(" or ");
    return `size: seen ${size}, ${side} patches a side; allowed with strategy grid: an even number ` +
      `of patches a side, for whole windows of 2 x 2; nearest: ${sizes}`;
  }
  const quarter = side * side / 4;
  if (tokens === quarter || tokens === 2 * quarter) return undefined;
  return `tokens: seen ${tokens} at size ${size}; allowed with strategy grid: a quarter (75 % ` +
    `masked) or a half (50 %) of the ${side * side} patches; nearest: ${quarter} or ${2 * quarter}`;
}

/** The whole numbers around a value, within bounds, times a unit. */
function near(value: number, low: number, high: number, unit = 1): string {
  const around = Number.isFinite(value) ? [Math.floor(value), Math.ceil(value)] : [low];
  const bounded = around.map((v) => Math.min(high, Math.max(low, v)) * unit);
  return [...new Set(bounded)].join(" or ");
}
