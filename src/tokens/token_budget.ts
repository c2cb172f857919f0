import { type ImagePlan, imageReduction, type ImageStrategy } from "./image_reduction.ts";
import { textReduction, type TextStrategy } from "./text_reduction.ts";

/** How many tokens a stage spends on a pair, and how it gets down to them. */
export interface TokenBudget {
  /** `tokens` counts patches without the class token. */
  readonly image: { readonly strategy: ImageStrategy; readonly tokens: number };
  /** `tokens` counts special tokens too. */
  readonly text: { readonly strategy: TextStrategy; readonly tokens: number };
}

/** Fewest text tokens: a start token and one of the caption's own. */
const FEWEST_TEXT_TOKENS = 2;

/**
 * Check that a budget can be met with patches of a size, and say which picture it needs.
 *
 * @throws {RangeError} for an unknown strategy, a number of image tokens that no picture gives, or too
 * few text tokens; says what is allowed and the nearest values.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { planBudget } from "./token_budget.ts";
 *
 * const budget = {
 *   image: { strategy: "resize", tokens: 16 },
 *   text: { strategy: "truncation", tokens: 8 },
 * } as const;
 * assert.equal(planBudget(budget, 8).size, 32);
 * ```
 */
export function planBudget({ image, text }: TokenBudget, patch: number): ImagePlan {
  textReduction(text.strategy);
  if (!Number.isInteger(text.tokens) || text.tokens < FEWEST_TEXT_TOKENS) {
    throw new RangeError(
      `text.tokens: seen ${text.tokens}; allowed: a whole number from ${FEWEST_TEXT_TOKENS}; ` +
        `nearest: ${Math.max(FEWEST_TEXT_TOKENS, Math.round(text.tokens) || 0)}`,
    );
  }
  return imageReduction(image.strategy).plan(image.tokens, patch);
}
