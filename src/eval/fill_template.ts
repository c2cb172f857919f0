/** Written consonant, spoken vowel: silent h, and letters that are said by their name. */
const SPOKEN_VOWEL = /^(?:hour|honest|honou?r|heir|[fhlmnrsx](?:[-\s\d]|$)|mp\d|sms\b)/i;
/** Written vowel, spoken consonant: "you" and "won". */
const SPOKEN_CONSONANT =
  /^(?:uni(?![mn])|us[abeu]|uten|util|uk|ura|uri|uv\b|ufo\b|u(?:[-\s\d]|$)|eu|ewe|one\b|once\b)/i;

/**
 * Put a class name into a prompt. "a" or "an" before the name follows its sound; without an article
 * in the template none is added.
 *
 * @throws {RangeError} when the template does not hold exactly one `{}` or the name is empty.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { fillTemplate } from "./fill_template.ts";
 *
 * assert.equal(fillTemplate("a drawing of a {}", "umbrella"), "a drawing of an umbrella");
 * assert.equal(fillTemplate("an {} icon", "cat"), "a cat icon");
 * ```
 */
export function fillTemplate(template: string, name: string): string {
  const parts = template.split("{}");
  if (parts.length !== 2) {
    throw new RangeError(
      `template ${JSON.stringify(template)}: seen ${
        parts.length - 1
      } places for the name; allowed: ` +
        "exactly one {}",
    );
  }
  if (name.trim() === "") {
    throw new RangeError(
      `class name ${JSON.stringify(name)}: allowed: at least one visible character`,
    );
  }
  const [before, after] = parts;
  const article = soundsLikeVowel(name) ? "an" : "a";
  return before.replace(/\b(a|A)n?(\s+)$/, (_, letter, gap) => letter + article.slice(1) + gap) +
    name + after;
}

function soundsLikeVowel(name: string): boolean {
  if (SPOKEN_VOWEL.test(name)) return true;
  return /^[aeiou8]/i.test(name) && !SPOKEN_CONSONANT.test(name);
}
