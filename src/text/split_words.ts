/**
 * A space belongs to the word behind it, so "cat" is the same piece wherever it stands in a caption and
 * decoding restores the spaces. Digits go in threes, since "1024" teaches nothing about "1025". At
 * most 64 characters form a word: merging takes time that grows with the square of the length.
 */
const WORD =
  / ?(?:(?:[\p{L}\p{M}]|(?<=\p{L})['’](?=\p{L})){1,64}|\p{N}{1,3}|[^ \p{L}\p{M}\p{N}]{1,64}| )/gu;

/**
 * Cut a cleaned caption into the units inside which byte pairs are merged: letters, digits, or
 * other characters, each with the space before it. Every character is in exactly one unit.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { splitWords } from "./split_words.ts";
 *
 * assert.deepEqual(splitWords("cat, 24h"), [" cat", ",", " 24", "h"]);
 * ```
 */
export function splitWords(cleaned: string): string[] {
  return (" " + cleaned).match(WORD) ?? [];
}
