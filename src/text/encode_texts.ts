import type { CaptionTokenizer } from "./caption_tokenizer.ts";

/** Many captions as token ids. */
export interface EncodedTexts {
  /** [texts, length] */
  ids: Int32Array;
  /** Share of the texts that were cut because they need more than `length` tokens, 0 to 1. */
  truncated: number;
}

/**
 * Encode texts into rows of `length` tokens, special tokens included, and count those that were cut:
 * a short row can cut the very word that matters, so results carry this share.
 *
 * @throws {RangeError} when a text has no token, or `length` leaves no place for one.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { encodeTexts } from "./encode_texts.ts";
 * import { Tokenizer } from "./tokenizer.ts";
 * import { trainBpe } from "./train_bpe.ts";
 *
 * const texts = ["cat", "cat cat cat"];
 * const { ids, truncated } = encodeTexts(new Tokenizer(trainBpe(texts), "jax"), texts, 3);
 * assert.equal(ids.length, 6);
 * assert.equal(truncated, 0.5);
 * ```
 */
export function encodeTexts(
  tokenizer: CaptionTokenizer,
  texts: readonly string[],
  length: number,
): EncodedTexts {
  tokenizer.room(length);
  const ids = new Int32Array(texts.length * length);
  let cut = 0;
  texts.forEach((text, row) => {
    if (tokenizer.encode(text, length, ids, row * length) > length) cut++;
  });
  return { ids, truncated: texts.length === 0 ? 0 : cut / texts.length };
}
