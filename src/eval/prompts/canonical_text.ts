/** Python's `string.punctuation`. */
const PUNCTUATION = /[!-/:-@[-`{-~]/g;

/**
 * A prompt or class name as CLIPA's JAX code (and Big Vision's) writes it: `_` becomes a blank, ASCII
 * punctuation goes, letters become small, runs of white space one blank.
 *
 * @param keep A piece of text that stays wherever it stands: `{}` in templates, `,` between aliases.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { canonicalText } from "./canonical_text.ts";
 *
 * assert.equal(canonicalText("a close-up photo of a {}.", "{}"), "a closeup photo of a {}");
 * ```
 */
export function canonicalText(text: string, keep?: string): string {
  const plain = text.replaceAll("_", " ");
  const parts = keep === undefined ? [plain] : plain.split(keep);
  return parts.map((part) => part.replace(PUNCTUATION, "")).join(keep ?? "")
    .toLowerCase().replace(/\s+/g, " ").trim();
}
