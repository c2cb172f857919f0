import { CaptionTokenizer, noTokenError } from "./caption_tokenizer.ts";
import { cleanClipCaption } from "./clean_clip_caption.ts";
import { ClipBpe } from "./clip_bpe.ts";
import { TextCache } from "./text_cache.ts";
import type { CodedWord } from "./token_marks.ts";
import { clipRules, type TokenFlavour, type TokenRules } from "./token_rules.ts";

/**
 * Special tokens by name, English contractions, letters, single digits, other signs. The long s is the
 * one letter that lower-casing leaves and that Python, told to ignore case, still takes for an s; the
 * Greek iota below (U+0345) it takes for neither letter nor sign, and drops.
 */
const WORD =
  /<[sſ]tart_of_text>|<end_of_text>|'[sſ]|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^ \p{L}\p{N}\u0345]+/gu;
/** The same before lower-casing. */
const WRITTEN_WORD = new RegExp(WORD.source, "giu");

/**
 * OpenAI's CLIP tokenizer as in open_clip, with which paper 1's PyTorch weights were trained: 48,894
 * merges over bytes, lower case, captions mended by the rules of ftfy.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { ClipTokenizer } from "./clip_tokenizer.ts";
 * import { clipMerges } from "./vocabularies.ts";
 *
 * const tokenizer = new ClipTokenizer(clipMerges());
 * assert.deepEqual(tokenizer.encodeIds("A photo of a cat."), [320, 1125, 539, 320, 2368, 269]);
 * ```
 */
export class ClipTokenizer extends CaptionTokenizer {
  readonly kind = "clip-bpe";
  readonly merges: readonly string[];
  readonly rules: TokenRules;
  readonly #bpe: ClipBpe;
  readonly #words = new TextCache();

  /**
   * @param merges In order of priority: two symbols and a space between them.
   * @param flavour Which position the tower pools, and whether it looks ahead.
   */
  constructor(merges: readonly string[], flavour: TokenFlavour = "torch") {
    super();
    this.merges = merges;
    this.#bpe = new ClipBpe(merges);
    this.rules = clipRules(flavour, this.#bpe.size);
  }

  get pieceCount(): number {
    return this.#bpe.size;
  }

  get vocabularySize(): number {
    return this.#bpe.size + 2;
  }

  encodeIds(text: string): number[] {
    const words = cleanClipCaption(text).toLowerCase().match(WORD);
    if (words === null) throw noTokenError(text);
    const ids: number[] = [];
    for (const word of words) {
      for (const id of this.#encodeWord(word)) ids.push(id);
    }
    return ids;
  }

  /** Words as written; where lower-casing changes how many there are, they are lower case. */
  encodeWords(text: string): CodedWord[] {
    const cleaned = cleanClipCaption(text);
    const coded = cleaned.toLowerCase().match(WORD) ?? [];
    const written = cleaned.match(WRITTEN_WORD) ?? [];
    const words = written.length === coded.length ? written : coded;
    return coded.map((word, i) => {
      const ids = this.#encodeWord(word);
      return { text: words[i], firstPiece: this.decode(ids.slice(0, 1)), ids };
    });
  }

  /** Words with a space between them; signs stand apart too, since the code does not tell. */
  decode(ids: Iterable<number>): string {
    const { pad, start, end } = this.rules;
    const kept: number[] = [];
    for (const id of ids) {
      // Padding has the id of "!", which a caption holds as well; padding stands behind the end.
      if (id === end) break;
      if (id !== start) kept.push(id);
    }
    while (kept.length > 1 && kept.at(-1) === pad) kept.pop();
    return this.#bpe.decode(kept).trim();
  }

  #encodeWord(word: string): readonly number[] {
    return this.#words.get(word, () => {
      if (word === "<start_of_text>") return [this.rules.start];
      if (word === "<end_of_text>") return [this.rules.end!];
      return this.#bpe.encodeWord(word);
    });
  }
}
