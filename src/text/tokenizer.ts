import type { Bpe } from "./bpe.ts";
import { cleanCaption, tidyCaption } from "./clean_caption.ts";
import { splitWords } from "./split_words.ts";
import type { CodedWord } from "./token_marks.ts";
import { SPECIAL_TOKENS, type TokenFlavour, type TokenRules, tokenRules } from "./token_rules.ts";

/** Words kept with their ids; the icon captions hold about 20k distinct ones. */
const CACHE_WORDS = 100_000;
/** Longer words are rare and would fill the cache. */
const CACHE_LENGTH = 64;

/**
 * Captions to token ids and back, by a byte-pair code and the rules of a flavour.
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
export class Tokenizer {
  readonly bpe: Bpe;
  /** Special tokens and framing. */
  readonly rules: TokenRules;
  /** Ids of chunks between spaces. */
  readonly #cache = new Map<string, readonly number[]>();
  /** Ids of words, as they are cut inside chunks. */
  readonly #words = new Map<string, readonly number[]>();

  constructor(bpe: Bpe, flavour: TokenFlavour) {
    this.bpe = bpe;
    this.rules = tokenRules(flavour, bpe.size);
  }

  /** Ids are below this; the token table needs at least as many rows. */
  get vocabularySize(): number {
    return this.bpe.size + SPECIAL_TOKENS;
  }

  /** Tokens of a caption's own in a row of `length`, that is without the special ones. */
  room(length: number): number {
    const room = length - (this.rules.end === null ? 1 : 2);
    if (Number.isInteger(length) && room >= 1) return room;
    throw new RangeError(
      `text tokens: seen ${length}; allowed with flavour ${this.rules.flavour}: a whole number from ` +
        `${this.rules.end === null ? 2 : 3}, so that the caption keeps a token`,
    );
  }

  /**
   * Ids of a caption, without special tokens and of any length.
   *
   * @throws {RangeError} when nothing is left after cleaning: a caption without a token says nothing
   * about its picture.
   */
  encodeIds(text: string): number[] {
    const cleaned = cleanCaption(text);
    if (cleaned === "") {
      throw new RangeError(
        `caption ${
          JSON.stringify(text.slice(0, 80))
        } has no token; allowed: at least one visible ` +
          "character; mend or remove the caption",
      );
    }
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
   * Write one caption as `length` ids to `out`, from index `at`: the special tokens of the flavour,
   * padding behind, and a caption that is too long cut at its end.
   *
   * @returns how many tokens the whole caption needs, special tokens included; the caption was cut
   * when this is above `length`.
   * @throws {RangeError} when `length` leaves no place for the caption or `out` is too short.
   */
  encode(text: string, length: number, out: Int32Array, at: number): number {
    const ids = this.encodeIds(text);
    const room = this.room(length);
    this.frame(ids.length > room ? ids.slice(0, room) : ids, length, out, at);
    return ids.length + length - room;
  }

  /**
   * Put the special tokens around ids that fit, and padding behind them.
   *
   * @throws {RangeError} when there are more ids than {@link room} or `out` is too short.
   */
  frame(ids: readonly number[], length: number, out: Int32Array, at: number) {
    const { pad, start, end } = this.rules;
    const room = this.room(length);
    if (ids.length > room) {
      throw new RangeError(`ids: seen ${ids.length}; allowed in ${length} tokens: ${room}`);
    }
    if (!Number.isInteger(at) || at < 0 || at + length > out.length) {
      throw new RangeError(
        `out: seen ${out.length} ids; allowed: at least ${
          at + length
        } to write ${length} from ${at}`,
      );
    }
    let next = at;
    out[next++] = start;
    for (const id of ids) out[next++] = id;
    if (end !== null) out[next++] = end;
    out.fill(pad, next, at + length);
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
    return this.#keep(
      this.#cache,
      chunk,
      () => splitWords(chunk).flatMap((word) => this.#encodeWord(word)),
    );
  }

  #encodeWord(word: string): readonly number[] {
    return this.#keep(
      this.#words,
      word,
      () => this.bpe.encodeWord(word).map((piece) => piece + this.rules.firstPiece),
    );
  }

  #keep(
    cache: Map<string, readonly number[]>,
    text: string,
    encode: () => readonly number[],
  ): readonly number[] {
    const known = cache.get(text);
    if (known !== undefined) return known;
    const ids = encode();
    if (text.length <= CACHE_LENGTH) {
      if (cache.size >= CACHE_WORDS) cache.clear();
      cache.set(text, ids);
    }
    return ids;
  }
}
