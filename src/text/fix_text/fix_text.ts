import { readControlsAsWindows } from "./byte_codes.ts";
import { fixEncoding } from "./fix_encoding.ts";
import tables from "./mojibake_tables.json" with { type: "json" };
import { unescapeClearHtml } from "./unescape_html.ts";

/** Longest stretch that is mended at once, in code points, so that time stays bounded. */
const LONGEST = 1_000_000;

const LIGATURES: Readonly<Record<string, string>> = tables.ligatures;

const ESCAPE = "\x1b";
/** Colours and the like of a terminal. */
const TERMINAL_ESCAPE = new RegExp(`${ESCAPE}\\[[\\p{Nd};]*[a-zA-Z]`, "gu");

const ASCII_CONTROLS = "\0-\b\v\x0e-\x1f\x7f";
/** Characters without an effect on the text: controls, deprecated marks, byte-order marks. */
const CONTROLS = new RegExp(`[${ASCII_CONTROLS}\u206a-\u206f\ufeff\ufff9-\ufffc]`, "g");

/**
 * Mend text that was decoded by the wrong code, escaped twice or typeset: `ftfy.fix_text` of ftfy
 * 6.3.1 with its default options, which OpenAI's tokenizer applies to every caption.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { fixText } from "./fix_text.ts";
 *
 * assert.equal(fixText("Itâ€™s a CafÃ© &amp; bar"), "It's a Café & bar");
 * ```
 */
export function fixText(text: string): string {
  // Plain ASCII can only change by its escapes.
  if (!/[^\n\x20-\x7e]|&/.test(text)) return text;
  let fixed = "";
  let escaped = true;
  for (const line of text.split(/(?<=\n)/)) {
    for (const segment of segments(line)) {
      // Where there is a tag, the text is HTML and its references are meant.
      escaped &&= !segment.includes("<");
      fixed += fixSegment(segment, escaped);
    }
  }
  return fixed;
}

function segments(line: string): string[] {
  if (line.length <= LONGEST) return [line];
  const points = [...line];
  const count = Math.ceil(points.length / LONGEST);
  return Array.from(
    { length: count },
    (_, i) => points.slice(i * LONGEST, (i + 1) * LONGEST).join(""),
  );
}

function fixSegment(text: string, escaped: boolean): string {
  for (;;) {
    const before = text;
    if (escaped) text = unescapeClearHtml(text);
    text = readControlsAsWindows(fixEncoding(text))
      .replace(/[\u0132\u0133\u0149\u01c4-\u01cc\u01f1-\u01f3\ufb00-\ufb06]/g, (c) => LIGATURES[c])
      .replace(/[\u3000\uff01-\uffef]/g, (wide) => wide.normalize("NFKC"))
      .replace(/[\u201c-\u201f]/g, '"')
      .replace(/[\u02bc\u2018-\u201b]/g, "'")
      .replace(/\r\n|[\r\u2028\u2029\x85]/g, "\n")
      .toWellFormed()
      .replace(TERMINAL_ESCAPE, "")
      .replace(CONTROLS, "")
      .normalize("NFC");
    if (text === before) return text;
  }
}
