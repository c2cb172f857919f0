import { splitJaxWords, splitOpenClipWords } from "./bert_words.ts";
import { CaptionTokenizer, noTokenError } from "./caption_tokenizer.ts";
import { TextCache } from "./text_cache.ts";
import type { CodedWord } from "./token_marks.ts";
import { bertRules, type TokenFlavour, type TokenRules } from "./token_rules.ts";
import { WordPieces } from "./word_pieces.ts";

/** `jax` = the JAX code; `strip-sep` = open_clip, which reads the same weights. */
export type BertMode = "jax" | "strip-sep";

const SPECIAL = new Set(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]);

/**
 * BERT's uncased WordPiece tokenizer, with which the JAX code trained CLIPA: `[CLS]`, pieces, no `[SEP]`.
 *
 * The two modes clean and cut captions differently, and `strip-sep` keeps one piece fewer. Mode `jax` is
 * that of the training; `strip-sep` gives the ids that Python users of open_clip get.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { BertTokenizer } from "./bert_tokenizer.ts";
 * import { bertPieces } from "./vocabularies.ts";
 *
 * const tokenizer = new BertTokenizer(bertPieces(), "jax");
 * assert.deepEqual(tokenizer.encodeIds("A photo of kites"), [1037, 6302, 1997, 20497, 2015]);
 * assert.equal(tokenizer.room(32), 31);
 * ```
 */
export class BertTokenizer extends CaptionTokenizer {
  readonly kind: "bert-uncased" | "bert-uncased-strip-sep";
  readonly mode: BertMode;
  readonly rules: TokenRules;
  readonly #pieces: WordPieces;
  readonly #words = new TextCache();

  /**
   * @param pieces Index = id; "##" in front of those that go on a word.
   * @param flavour Which position the tower pools, and whether it looks ahead.
   */
  constructor(pieces: readonly string[], mode: BertMode, flavour: TokenFlavour = "jax") {
    super();
    this.mode = mode;
    this.kind = mode === "jax" ? "bert-uncased" : "bert-uncased-strip-sep";
    this.rules = bertRules(flavour, mode === "strip-sep");
    this.#pieces = new WordPieces(pieces);
  }

  /** Index = id. */
  get pieces(): readonly string[] {
    return this.#pieces.pieces;
  }

  get pieceCount(): number {
    return this.pieces.length;
  }

  get vocabularySize(): number {
    return this.pieces.length;
  }

  encodeIds(text: string): number[] {
    const words = this.#split(text);
    if (words.length === 0) throw noTokenError(text);
    const ids: number[] = [];
    for (const word of words) {
      for (const id of this.#encodeWord(word)) ids.push(id);
    }
    return ids;
  }

  /** The words in lower case, as the code is uncased and strips accents before it cuts. */
  encodeWords(text: string): CodedWord[] {
    return this.#split(text).map((word) => {
      const ids = this.#encodeWord(word);
      return { text: word, firstPiece: this.pieces[ids[0]], ids };
    });
  }

  decode(ids: Iterable<number>): string {
    let text = "";
    for (const id of ids) {
      const piece = this.pieces[id];
      if (piece === undefined) {
        throw new RangeError(`id ${id} does not exist; allowed: 0 to ${this.pieceCount - 1}`);
      }
      if (SPECIAL.has(piece) && piece !== "[UNK]") continue;
      text += piece.startsWith("##") ? piece.slice(2) : ` ${piece}`;
    }
    return text.trimStart();
  }

  #split(text: string): string[] {
    return this.mode === "jax" ? splitJaxWords(text) : splitOpenClipWords(text);
  }

  #encodeWord(word: string): readonly number[] {
    return this.#words.get(word, () => {
      if (this.mode === "jax") return this.#pieces.encodeWord(word, countBytes);
      // open_clip writes the padding over every [SEP], those of the caption too.
      if (SPECIAL.has(word)) return [word === "[SEP]" ? 0 : this.#pieces.idOf(word)];
      return this.#pieces.encodeWord(word, countCharacters);
    });
  }
}

function countBytes(word: string): number {
  return new TextEncoder().encode(word).length;
}

function countCharacters(word: string): number {
  return [...word].length;
}
