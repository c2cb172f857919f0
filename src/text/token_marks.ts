import { type TagWords, WORD_CLASSES } from "./pos_tagger.ts";

/** A word of a caption and its token ids: one, or several pieces of a byte-pair or WordPiece code. */
export interface CodedWord {
  /** As written in the caption, without the space before it. */
  readonly text: string;
  /** The text of its first piece, as the code spells it. */
  readonly firstPiece: string;
  readonly ids: readonly number[];
}

/** A tokenizer that says which pieces form a word. */
export interface WordCoder {
  /** The words of a caption in reading order; their ids, joined, are those of the caption. */
  encodeWords(text: string): CodedWord[];
}

/**
 * What a word's class is taken from: `sentence` = the word among its neighbours (PyTorch code);
 * `word` = the word alone; `first-piece` = its first piece alone (JAX code, which tags each entry of
 * the vocabulary, and a word by its first entry). Both code bases tag with NLTK, whose model is a
 * download of its own; the kit's tagger is another, so single tags can differ.
 */
export type TagContext = "sentence" | "word" | "first-piece";

/** In a mark: the class of the word that a token belongs to. */
export const CLASS_BITS = 7;
/** In a mark: the token is the first of its word. */
export const WORD_START = 8;

/** Single words tagged alone are kept: captions repeat them. */
const CACHE_WORDS = 200_000;

/**
 * A function from a caption to one mark for each of its tokens: class of the word, and whether a word
 * starts there. All pieces of a word share its class.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { tokenMarks } from "./token_marks.ts";
 *
 * const coder = { encodeWords: () => [{ text: "kites", firstPiece: "kite", ids: [7, 8] }] };
 * const marks = tokenMarks(coder, "word", (words) => Uint8Array.from(words, () => 1));
 * assert.deepEqual([...marks("kites")], [9, 1]);
 * ```
 */
export function tokenMarks(
  coder: WordCoder,
  context: TagContext,
  tag: TagWords,
): (text: string) => Uint8Array {
  const alone = new Map<string, number>();
  const classAlone = (word: string) => {
    let known = alone.get(word);
    if (known === undefined) {
      if (alone.size >= CACHE_WORDS) alone.clear();
      alone.set(word, known = word === "" ? WORD_CLASSES.other : tag([word])[0]);
    }
    return known;
  };
  return (text) => {
    const words = coder.encodeWords(text);
    const classes = context === "sentence"
      ? tag(words.map((word) => word.text))
      : words.map((word) => classAlone(context === "word" ? word.text : word.firstPiece));
    const marks = new Uint8Array(words.reduce((sum, { ids }) => sum + ids.length, 0));
    let at = 0;
    words.forEach(({ ids }, i) => {
      marks.fill(classes[i], at, at + ids.length);
      marks[at] |= WORD_START;
      at += ids.length;
    });
    return marks;
  };
}
