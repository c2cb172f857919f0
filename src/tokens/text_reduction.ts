import type { Tokenizer } from "../text/tokenizer.ts";
import { pickStrategy } from "./pick_strategy.ts";
import { truncation } from "./text/truncation.ts";

/** One way to spend few text tokens on a caption. */
export interface TextReduction {
  /**
   * Write a caption as `length` ids, special tokens included, to `out` from index `at`.
   *
   * @returns how many tokens the whole caption needs; it was reduced when this is above `length`.
   */
  encode(tokenizer: Tokenizer, text: string, length: number, out: Int32Array, at: number): number;
}

/** The implemented reductions by name; one file each in `text/`. */
export const TEXT_REDUCTIONS = { truncation } as const satisfies Record<string, TextReduction>;

/** Name of an implemented text reduction. */
export type TextStrategy = keyof typeof TEXT_REDUCTIONS;

/**
 * The text reduction of a name.
 *
 * @throws {RangeError} for another name; lists the implemented ones.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { textReduction } from "./text_reduction.ts";
 *
 * assert.throws(() => textReduction("shorten"), /implemented: truncation/);
 * ```
 */
export function textReduction(name: string): TextReduction {
  return pickStrategy("text", TEXT_REDUCTIONS, name);
}
