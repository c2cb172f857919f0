import type { Bpe } from "./bpe.ts";
import { CaptionTokenizer, noTokenError } from "./caption_tokenizer.ts";
import { cleanCaption, tidyCaption } from "./clean_caption.ts";
import { splitWords } from "./split_words.ts";
import { TextCache } from "./text_cache.ts";
import type { CodedWord } from "./token_marks.ts";
import { SPECIAL_TOKENS, type TokenFlavour, type TokenRules, tokenRules } from "./token_rules.ts";

/**
 * Captions to token ids and back, by a byte-pair code of the project's own and the rules of a flavour.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { Tokenizer } from "./tokenizer.ts";
 * import { trainBpe } from "./train_bpe.ts";
 *
 * const tokenizer = new Tokenizer(trainBpe(["red cat", "red cap", "cat"]), "torch");
 * const ids = new Int32Array(6);
 * tokenizer.encode("Red cat", 6, ids, 0);
 * assert.equal(ids[0], tokenizer.rules.start);
 * assert.equal(tokenizer.decode(ids), "red cat");
 * ```
 */
export class Tokenizer extends CaptionTokenizer {
  readonly kind = "icons";
  readonly bpe: Bpe;
  /** Special tokens and framing. */
  readonly rules: TokenRules;
  /** Ids of chunks between spaces. */
  readonly #chunks = new TextCache();
  /** Ids of words, as they are cut inside chunks. */
  readonly #words = new TextCache();

  constructor(bpe: Bpe, flavour: TokenFlavour) {
    super();
    this.bpe = bpe;
    this.rules = tokenRules(flavour, bpe.size);
  }

  get pieceCount(): number {
    return this.bpe.size;
  }

  get vocabularySize(): number {
    return this.bpe.size + SPECIAL_TOKENS;
  }

  encodeIds(text: string): number[] {
    const cleaned = cleanCaption(text);
    if (cleaned === "") throw noTokenError(text);
    const ids: number[] = [];
    for (const chunk of cleaned.split(" ")) {
      for (const id of this.#encodeChunk(chunk)) ids.push(id);
    }
    return ids;
  }

  /**
   * The words of a caption with their ids. Words are as written, capitals too, which a tagger needs;
   * where lower-casing changes how many words there are, they are lower case.
   */
  encodeWords(text: string): CodedWord[] {
    const coded = splitWords(cleanCaption(text));
    const written = splitWords(tidyCaption(text));
    const words = written.length === coded.length ? written : coded;
    return coded.map((word, i) => {
      const ids = this.#encodeWord(word);
      return { text: words[i].trim(), firstPiece: this.decode(ids.slice(0, 1)), ids };
    });
  }

  /**
   * The cleaned text of ids; special tokens are left out. A character whose bytes were cut becomes
   * U+FFFD.
   *
   * @throws {RangeError} when an id is not in the vocabulary.
   */
  decode(ids: Iterable<number>): string {
    const { pad, start, end, firstPiece } = this.rules;
    const bytes: number[] = [];
    for (const id of ids) {
      if (id === pad || id === start || id === end) continue;
      bytes.push(...this.bpe.bytesOf(id - firstPiece));
    }
    return new TextDecoder().decode(Uint8Array.from(bytes)).replace(/^ /, "");
  }

  #encodeChunk(chunk: string): readonly number[] {
    return this.#chunks.get(
      chunk,
      () => splitWords(chunk).flatMap((word) => this.#encodeWord(word)),
    );
  }

  #encodeWord(word: string): readonly number[] {
    return this.#words.get(
      word,
      () => this.bpe.encodeWord(word).map((piece) => piece + this.rules.firstPiece),
    );
  }
}
