import assert from "node:assert/strict";
import { cleanCaption } from "../../src/text/clean_caption.ts";
import { splitWords } from "../../src/text/split_words.ts";
import { hostileStrings } from "./hostile_strings.ts";

Deno.test("cleanCaption lowers the case and collapses white space when both are mixed", () => {
  assert.equal(cleanCaption("  Alarm \t\r\n CLOCK  "), "alarm clock");
  assert.equal(cleanCaption("É\u3000\u00a0Ωmega\u2028x"), "é ωmega x");
});

Deno.test("cleanCaption gives one form when a letter is composed and when it is not", () => {
  assert.equal(cleanCaption("cafe\u0301"), cleanCaption("CAFÉ"));
});

Deno.test("cleanCaption drops invisible characters when they stand inside a word", () => {
  assert.equal(cleanCaption("\ufeffcl\u200bo\u202eck"), "clock");
  assert.equal(cleanCaption("a\u0000b\u009fc"), "a b c");
});

Deno.test("cleanCaption replaces half a character when a surrogate is alone", () => {
  assert.equal(cleanCaption("a\ud83d"), "a\ufffd");
});

Deno.test("cleanCaption changes nothing more when its own result is cleaned", () => {
  for (const text of hostileStrings(3000)) {
    const once = cleanCaption(text);
    assert.equal(cleanCaption(once), once, JSON.stringify(text));
  }
});

Deno.test("splitWords loses no character when the caption is hostile", () => {
  for (const text of hostileStrings(3000)) {
    const cleaned = cleanCaption(text);
    if (cleaned !== "") assert.equal(splitWords(cleaned).join(""), " " + cleaned);
  }
});

Deno.test("splitWords keeps a unit short when a word never ends", () => {
  const units = splitWords("x".repeat(1000) + "9".repeat(10) + "!".repeat(1000));
  assert.ok(Math.max(...units.map((unit) => unit.length)) <= 65);
});

Deno.test("splitWords separates letters, digits and signs when they touch", () => {
  assert.deepEqual(splitWords("5g wi-fi, woman's 12345"), [
    " 5",
    "g",
    " wi",
    "-",
    "fi",
    ",",
    " woman's",
    " 123",
    "45",
  ]);
});
