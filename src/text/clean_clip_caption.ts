import { fixText } from "./fix_text/fix_text.ts";
import { PYTHON_SPACE } from "./fix_text/mojibake.ts";
import { unescapeHtml } from "./fix_text/unescape_html.ts";

const SPACES = new RegExp(`[${PYTHON_SPACE}]+`, "g");

/**
 * A caption as OpenAI's tokenizer sees it, in the case it was written: mended by the rules of ftfy,
 * character references replaced twice, one space between words and none at the ends.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { cleanClipCaption } from "./clean_clip_caption.ts";
 *
 * assert.equal(cleanClipCaption(" Fish &amp;amp;\tChips\n"), "Fish & Chips");
 * ```
 */
export function cleanClipCaption(text: string): string {
  return unescapeHtml(unescapeHtml(fixText(text))).replace(SPACES, " ").replace(/^ | $/g, "");
}
