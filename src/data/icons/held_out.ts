import held from "./held_out.json" with { type: "json" };

/** Split of the icon data set. */
export type Split = "train" | "val" | "test";

const TEST_FAMILIES = new Set<string>(Object.values(held.test).flat());
const VALIDATION_FAMILIES = new Set<string>(held.validation);

/** The file `held_out.json`. */
export interface HeldOut {
  version: number;
  /** Test families by the benchmark that shows them. */
  test: Record<"icons-592" | "emoji-vendor" | "other" | "shift", readonly string[]>;
  /** Sets of each shift benchmark. */
  shift: Record<string, { about: string; sets: readonly string[] }>;
  validation: readonly string[];
  unseenWords: readonly string[];
}

/** What is held out of training: one versioned file, `held_out.json`. */
export const HELD_OUT: HeldOut = held;

/** Split of a designer family. */
export function splitOf(family: string): Split {
  if (TEST_FAMILIES.has(family)) return "test";
  return VALIDATION_FAMILIES.has(family) ? "val" : "train";
}

/**
 * Test for texts that say one of some words, in the plural too and inside longer words.
 *
 * Words of five letters or more are also found inside a word ("waterlilies" for "lilies"), since a
 * byte-pair tokenizer sees the parts; shorter ones are not, or "bee" would forbid "beer".
 *
 * @example
 * ```ts
 * import { createWordFilter } from "./held_out.ts";
 * const says = createWordFilter(["igloo"]);
 * console.log(says("two igloos"), says("beer")); // true false
 * ```
 */
export function createWordFilter(words: readonly string[]): (text: string) => boolean {
  if (words.length === 0) return () => false;
  const exact = words.flatMap((word) => {
    const plurals = [`${word}s`, `${word}es`];
    if (word.endsWith("y")) plurals.push(`${word.slice(0, -1)}ies`);
    if (word.endsWith("f")) plurals.push(`${word.slice(0, -1)}ves`);
    return [word, ...plurals];
  });
  const inside = words.filter((word) => word.length >= 5);
  const pattern = [`\\b(?:${exact.join("|")})\\b`, ...inside].join("|");
  const expression = new RegExp(pattern, "i");
  return (text) => expression.test(text);
}
