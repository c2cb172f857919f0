import type { TextBudget } from "../config/stage_recipe.ts";
import type { ShortenCaption } from "../data/loader/caption_tokens.ts";
import { pickStrategy } from "./pick_strategy.ts";
import { blockText } from "./text/block_text.ts";
import { randomText } from "./text/random_text.ts";
import { syntaxText } from "./text/syntax_text.ts";

/** How a reduction shortens captions to a budget. */
type TextReduction = (budget: TextBudget) => ShortenCaption;

/**
 * The text reductions by name; the masks have one file each in `text/`. They see a caption's own
 * tokens, without the special ones, and only captions that are too long.
 *
 * `truncation` keeps the first tokens (paper 1, section 3.3; `bert_tokenize` and the BPE tokenizer in
 * the code).
 */
export const TEXT_REDUCTIONS: Readonly<Record<TextBudget["strategy"], TextReduction>> = {
  truncation: () => (ids, room) => ids.slice(0, room),
  random: ({ order = "text" }) => randomText(order),
  block: () => blockText,
  syntax: ({ unit = "pieces" }) => syntaxText(unit),
};

/** Fewest text tokens: a start token and one of the caption's own. */
const FEWEST_TEXT_TOKENS = 2;

/**
 * The function that shortens captions to a budget.
 *
 * @throws {RangeError} for an unknown strategy (lists the known ones) or too few tokens.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { planText } from "./text_reduction.ts";
 *
 * const shorten = planText({ strategy: "truncation", tokens: 4 });
 * assert.deepEqual(shorten([5, 6, 7, 8], 3, { seed: 0, epoch: 0, row: 0 }, new Uint8Array()), [5, 6, 7]);
 * ```
 */
export function planText(budget: TextBudget): ShortenCaption {
  const reduction = pickStrategy("text", TEXT_REDUCTIONS, budget.strategy);
  const { tokens } = budget;
  if (!Number.isInteger(tokens) || tokens < FEWEST_TEXT_TOKENS) {
    throw new RangeError(
      `text.tokens: seen ${tokens}; allowed: a whole number from ${FEWEST_TEXT_TOKENS}; ` +
        `nearest: ${Math.max(FEWEST_TEXT_TOKENS, Math.round(tokens) || 0)}`,
    );
  }
  return reduction(budget);
}
