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
  if (isAscii(text)) return tidyCaption(text.toLowerCase());
  // Lower case before NFC, since a lower-cased letter may be a letter and a mark.
  return tidyCaption(text.toWellFormed().replace(/\p{Cf}+/gu, "").toLowerCase());
}

/**
 * {@link cleanCaption} without the lower case.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { tidyCaption } from "./clean_caption.ts";
 *
 * assert.equal(tidyCaption("  Alarm\tCLOCK\n"), "Alarm CLOCK");
 * ```
 */
export function tidyCaption(text: string): string {
  if (isAscii(text)) return text.replace(/ {2,}/g, " ").trim();
  return text.toWellFormed()
    .replace(/\p{Cf}+/gu, "")
    .normalize("NFC")
    .replace(/[\s\p{Cc}\p{Z}]+/gu, " ")
    .trim();
}

/** Whether a text has printable ASCII characters only. */
function isAscii(text: string): boolean {
  return !/[^\x20-\x7e]/.test(text);
}
