import tables from "./mojibake_tables.json" with { type: "json" };

/** White space of Python's `str`, as a regular expression class without its brackets. */
export const PYTHON_SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029" +
  "\\u202f\\u205f\\u3000";

/**
 * Neighbours that stand in text hardly ever by intention, but often where UTF-8 was read as a one-byte
 * code. `{name}` stands for the characters of a class of the tables. After ftfy 6.3.1.
 */
const SIGNS = [
  "[{c1}]",
  "[{bad}{lower_accented}{upper_accented}{box}{start_punctuation}{end_punctuation}{currency}" +
  "{numeric}{law}][{bad}]",
  "[a-zA-Z][{lower_common}{upper_common}][{bad}]",
  "[{bad}][{lower_accented}{upper_accented}{box}{start_punctuation}{end_punctuation}{currency}" +
  "{numeric}{law}]",
  "[{lower_accented}{lower_common}{box}{end_punctuation}{currency}{numeric}][{upper_accented}]",
  "[{box}{end_punctuation}{currency}{numeric}][{lower_accented}]",
  "[{lower_accented}{box}{end_punctuation}][{currency}]",
  "[{space}][{upper_accented}][{currency}]",
  "[{upper_accented}{box}][{numeric}{law}]",
  "[{lower_accented}{upper_accented}{box}{currency}{end_punctuation}][{start_punctuation}]" +
  "[{numeric}]",
  "[{lower_accented}{upper_accented}{currency}{numeric}{box}{law}][{end_punctuation}]" +
  "[{start_punctuation}]",
  "[{currency}{numeric}{box}][{start_punctuation}]",
  "[a-z][{upper_accented}][{start_punctuation}{currency}]",
  "[{box}][{kaomoji}]",
  "[{lower_accented}{upper_accented}{currency}{numeric}{start_punctuation}{end_punctuation}{law}]" +
  "[{box}]",
  "[{box}][{end_punctuation}]",
  "[{lower_accented}{upper_accented}][{start_punctuation}{end_punctuation}][\\p{L}\\p{N}_]",
  // The ligature OE stands before letters.
  "[Œœ][^A-Za-z]",
  "[{upper_accented}]°",
  // UTF-8 as Windows-1252: two-byte letters of West Europe, Greek, Cyrillic.
  "[ÂÃÎÐ][€œŠš¢£Ÿž\\xa0\\xad®©°·»{start_punctuation}{end_punctuation}–—´]",
  "×[²³]",
  // Arabic.
  "[ØÙ][{common}{currency}{bad}{numeric}{start_punctuation}ŸŠ®°µ»]" +
  "[ØÙ][{common}{currency}{bad}{numeric}{start_punctuation}ŸŠ®°µ»]",
  // Scripts of South Asia.
  "à[²µ¹¼½¾]",
  // UTF-8 as MacRoman.
  "√[±∂†≠®™´≤≥¥µø]",
  "≈[°¢]",
  "‚Ä[ìîïòôúùû†°¢π]",
  "‚[âó][àä°ê]",
  // UTF-8 as Windows-1251.
  "вЂ",
  "[ВГРС][{c1}{bad}{start_punctuation}{end_punctuation}{currency}°µ][ВГРС]",
  "ГўВЂВ[^\\n][A-Za-z ]",
  // "à" whose second byte is a space.
  "Ã[\\xa0¡]",
  "[a-z][{space}]?[ÃÂ] ",
  "^[ÃÂ] ",
  // A no-break space before punctuation.
  "[a-z.,?!{end_punctuation}]Â[ {start_punctuation}{end_punctuation}]",
  // UTF-8 as Windows-1253.
  "β€[™\\xa0Ά\\xad®°]",
  "[ΒΓΞΟ][{c1}{bad}{start_punctuation}{end_punctuation}{currency}°][ΒΓΞΟ]",
  // UTF-8 as Windows-1257.
  "ā€",
];

const BAD = new RegExp(SIGNS.map((sign) => fill(sign)).join("|"), "u");

/** Places that look like UTF-8 in a one-byte code, each as long as possible. */
export const UTF8_LOOKALIKE = new RegExp(
  fill(
    "(?<![{utf8_continuation_strict}])(?:[{utf8_first_of_2}][{utf8_continuation}]|" +
      "[{utf8_first_of_3}][{utf8_continuation}]{2}|[{utf8_first_of_4}][{utf8_continuation}]{3})+",
  ),
  "gu",
);

/** Whether a text has a sign of having been decoded by the wrong code. */
export function looksBroken(text: string): boolean {
  return BAD.test(text);
}

function fill(pattern: string): string {
  const classes: Record<string, string> = {
    ...tables.classes,
    ...tables.clues,
    space: PYTHON_SPACE,
  };
  return pattern.replace(/\{([a-z]\w*)\}/g, (_, name) => classes[name]);
}
