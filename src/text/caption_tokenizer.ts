import type { CodedWord } from "./token_marks.ts";
import type { TokenRules } from "./token_rules.ts";

/** Tokenizers by the name that recipes and files use. */
export const TOKENIZER_KINDS = [
  "icons",
  "clip-bpe",
  "bert-uncased",
  "bert-uncased-strip-sep",
] as const;

/** `icons` = a code trained on the captions of the data set; the others are those of released models. */
export type TokenizerKind = typeof TOKENIZER_KINDS[number];

/**
 * Captions to token ids and back. What differs from one tokenizer to the next is how a caption becomes
 * ids; how ids are framed by special tokens follows from its {@link TokenRules} and is the same for all.
 */
export abstract class CaptionTokenizer {
  /** Its name in recipes and files. */
  abstract readonly kind: TokenizerKind;
  /** Special tokens and framing. */
  abstract readonly rules: TokenRules;
  /** Ordinary ids: from `rules.firstPiece` on, this many. */
  abstract readonly pieceCount: number;
  /** Ids are below this; the token table needs at least as many rows. */
  abstract readonly vocabularySize: number;

  /**
   * Ids of a caption, without special tokens and of any length.
   *
   * @throws {RangeError} when nothing is left after cleaning: a caption without a token says nothing
   * about its picture.
   */
  abstract encodeIds(text: string): number[];

  /** The words of a caption with their ids, as written, capitals too, which a tagger needs. */
  abstract encodeWords(text: string): CodedWord[];

  /**
   * The cleaned text of ids; special tokens are left out.
   *
   * @throws {RangeError} when an id is not in the vocabulary.
   */
  abstract decode(ids: Iterable<number>): string;

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
}

/** The error for a caption of which nothing is left after cleaning. */
export function noTokenError(text: string): RangeError {
  return new RangeError(
    `caption ${JSON.stringify(text.slice(0, 80))} has no token; allowed: at least one visible ` +
      "character; mend or remove the caption",
  );
}
