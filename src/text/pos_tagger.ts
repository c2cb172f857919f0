import { createRequire } from "node:module";

/**
 * Classes of words by the part of speech, in the order in which a syntax mask keeps them: nouns first.
 * Both code bases go by how the Penn Treebank tag begins: NN, then JJ, then VB, then the rest (the paper
 * itself speaks of nouns, adjectives and others only).
 */
export const WORD_CLASSES = { noun: 1, adjective: 2, verb: 3, other: 4 } as const;

/** Name and version of the tagger, for results that depend on it. */
export const TAGGER = "wink-pos-tagger 2.2.2";

/**
 * Classes of the words of one sentence, [words] of {@link WORD_CLASSES}. English.
 *
 * @param words In reading order, spelt as written: capitals are a sign of names.
 */
export type TagWords = (words: readonly string[]) => Uint8Array;

/** What is used of the tagger. */
interface WinkTagger {
  tagRawTokens(tokens: readonly string[]): { readonly pos: string }[];
}

let wink: WinkTagger | undefined;

/**
 * The part-of-speech tagger; its dictionary is read at the first use, which takes a second.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { tagWords } from "./pos_tagger.ts";
 *
 * assert.deepEqual([...tagWords(["a", "red", "arrow"])], [4, 2, 1]);
 * ```
 */
export const tagWords: TagWords = (words) => {
  wink ??= createRequire(import.meta.url)("wink-pos-tagger")() as WinkTagger;
  const tags = wink.tagRawTokens(words);
  return Uint8Array.from(words, (word, i) => classOf(tags[i].pos, word));
};

/** Class of a Penn Treebank tag. The tagger takes signs that it does not know for names. */
function classOf(tag: string, word: string): number {
  if (!/\p{L}/u.test(word)) return WORD_CLASSES.other;
  if (tag.startsWith("NN")) return WORD_CLASSES.noun;
  if (tag.startsWith("JJ")) return WORD_CLASSES.adjective;
  return tag.startsWith("VB") ? WORD_CLASSES.verb : WORD_CLASSES.other;
}
