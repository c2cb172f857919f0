import {
  BYTE_CODES,
  type ByteCode,
  decodeUtf8,
  isWindows1252,
  readControlsAsWindows,
} from "./byte_codes.ts";
import { looksBroken, UTF8_LOOKALIKE } from "./mojibake.ts";

/** UTF-8 in which a no-break space became a space. */
const SPACED_UTF8 = new RegExp(
  "[\xc2\xc3\xc5\xce\xd0\xd9] " +
    "|[\xe2\xe3] [\x80-\x84\x86-\x9f\xa1-\xbf]" +
    "|[\xe0-\xe3][\x80-\x84\x86-\x9f\xa1-\xbf] " +
    "|\xf0 [\x80-\xbf][\x80-\xbf]" +
    "|\xf0[\x80-\xbf] [\x80-\xbf]" +
    "|\xf0[\x80-\xbf][\x80-\xbf] ",
  "g",
);

/** UTF-8 of which bytes were lost: 0x1a stands for any of them, and "?" for one in a sequence. */
const LOSSY_UTF8 = new RegExp(
  "[\xc2-\xdf]\x1a" +
    "|[\xc2\xc3][?]" +
    "|\xed[\xa0-\xaf][\x1a?]\xed[\xb0-\xbf][\x1a?\x80-\xbf]" +
    "|\xed[\xa0-\xaf][\x1a?\x80-\xbf]\xed[\xb0-\xbf][\x1a?]" +
    "|[\xe0-\xef][\x1a?][\x1a\x80-\xbf]" +
    "|[\xe0-\xef][\x1a\x80-\xbf][\x1a?]" +
    "|[\xf0-\xf4][\x1a?][\x1a\x80-\xbf][\x1a\x80-\xbf]" +
    "|[\xf0-\xf4][\x1a\x80-\xbf][\x1a?][\x1a\x80-\xbf]" +
    "|[\xf0-\xf4][\x1a\x80-\xbf][\x1a\x80-\xbf][\x1a?]" +
    "|\x1a",
  "g",
);
/** U+FFFD in UTF-8. */
const LOST = "\xef\xbf\xbd";

/**
 * Undo that UTF-8 was decoded as a one-byte code, as often as it happened; text without a sign of that
 * stays as it is.
 */
export function fixEncoding(text: string): string {
  for (;;) {
    const fixed = fixOnce(text);
    if (fixed === text) return text;
    text = fixed;
  }
}

function fixOnce(text: string): string {
  if (!/\P{ASCII}/u.test(text) || !looksBroken(text)) return text;
  for (const code of BYTE_CODES) {
    const bytes = code.encode(text);
    const fixed = bytes === null ? null : decodeUtf8(mendBytes(code, bytes));
    if (fixed !== null) return fixed;
  }
  const mended = mendParts(text);
  if (mended !== text) return mended;
  // Latin-1 has control characters where Windows-1252, for which it is often taken, has letters.
  if (!/[^\p{ASCII}\x80-\xff]/u.test(text) && isWindows1252(text)) {
    const windows = readControlsAsWindows(text);
    if (windows !== text) return windows;
  }
  return readControlsAsWindows(text);
}

/** Bytes as they may have been before spaces were tidied and unknown characters lost. */
function mendBytes({ name, sloppy }: ByteCode, bytes: string): string {
  let mended = bytes;
  // In MacRoman this would take every dash with a space behind it.
  if (name !== "macroman" && bytes.search(SPACED_UTF8) >= 0) {
    // "à" is a word; but not in the Portuguese "àquele" and the like.
    mended = mended.replace(/\xc3 (?! |quele|quela|quilo|s )/g, "\xc3\xa0 ")
      .replace(SPACED_UTF8, (sequence) => sequence.replaceAll(" ", "\xa0"));
  }
  return sloppy ? mended.replace(LOSSY_UTF8, LOST) : mended;
}

/** Mend the places that look like UTF-8 where the text as a whole is in no single code. */
function mendParts(text: string): string {
  return text.replace(
    UTF8_LOOKALIKE,
    (part) => part.length < text.length && looksBroken(part) ? fixEncoding(part) : part,
  );
}
