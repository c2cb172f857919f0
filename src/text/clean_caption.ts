/**
 * The text that the tokenizer sees: lower case, Unicode NFC, one space between words and none at the
 * ends. Control characters count as white space; invisible format characters (zero-width joiners,
 * direction marks, byte-order marks) are dropped; a lone surrogate becomes U+FFFD. Cleaning twice is
 * the same as cleaning once.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { cleanCaption } from "./clean_caption.ts";
 *
 * assert.equal(cleanCaption("  Alarm\tCLOCK\n"), "alarm clock");
 * ```
 */
export function cleanCaption(text: string): string {
  // Nearly every caption is plain ASCII, for which the Unicode steps change nothing.
  if (!/[^\x20-\x7e]/.test(text)) return text.toLowerCase().replace(/ {2,}/g, " ").trim();
  return text.toWellFormed()
    .replace(/\p{Cf}+/gu, "")
    .toLowerCase()
    .normalize("NFC")
    .replace(/[\s\p{Cc}\p{Z}]+/gu, " ")
    .trim();
}
