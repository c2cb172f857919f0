/** Scripts that tell a language, or a group of them, in the order in which they are asked. */
const SCRIPTS: readonly (readonly [name: string, letters: RegExp])[] = [
  ["Japanese", /[\p{Script=Hiragana}\p{Script=Katakana}]/u],
  ["Korean", /\p{Script=Hangul}/u],
  ["Chinese", /\p{Script=Han}/u],
  ["Cyrillic script", /\p{Script=Cyrillic}/u],
  ["Arabic script", /\p{Script=Arabic}/u],
  ["Hebrew", /\p{Script=Hebrew}/u],
  ["Greek", /\p{Script=Greek}/u],
  ["Thai", /\p{Script=Thai}/u],
  ["Indic scripts", /[\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Tamil}\p{Script=Telugu}]/u],
];

/** Small words that hardly occur in the other languages of the list. */
const SMALL_WORDS: Readonly<Record<string, string>> = {
  English: "the of and with for is this that from by at to on your are",
  German: "der die das und mit für ist ein eine auf im den von zum bei",
  French: "le les des et avec pour est une du dans au sur aux pour ce",
  Spanish: "el los las con para es una del y en al por que su más",
  Portuguese: "o os um uma com para é do da dos em no na por não",
  Italian: "il gli con per è una del della di nel sul che dei alla lo",
  Dutch: "het een en met voor van op de is bij naar uit zijn aan te",
  Polish: "z na do się i w jest dla od nie po za przy jak oraz",
};

const WORDS = new Map<string, string[]>();
for (const [language, words] of Object.entries(SMALL_WORDS)) {
  for (const word of words.split(" ")) WORDS.set(word, [...(WORDS.get(word) ?? []), language]);
}

/**
 * The language of a caption, roughly: by its script, and in the Latin script by small words. Short
 * captions often have none, and many languages are not told apart: for an overview of a data set, not
 * for sorting it.
 *
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(roughLanguage("a view of the harbour with boats"), "English");
 * assert.equal(roughLanguage("umbrella"), "Latin script, unclear");
 * ```
 */
export function roughLanguage(text: string): string {
  const script = SCRIPTS.find(([, letters]) => letters.test(text));
  if (script) return script[0];
  if (!/\p{L}/u.test(text)) return "no letters";
  if (!/\p{Script=Latin}/u.test(text)) return "other scripts";
  const votes = new Map<string, number>();
  for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) {
    const languages = WORDS.get(word) ?? [];
    for (const language of languages) {
      votes.set(language, (votes.get(language) ?? 0) + 1 / languages.length);
    }
  }
  const [first, second] = [...votes].sort((a, b) => b[1] - a[1]);
  if (first === undefined || first[1] === second?.[1]) return "Latin script, unclear";
  return first[0];
}
