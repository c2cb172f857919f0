import { BertTokenizer } from "./bert_tokenizer.ts";
import type { CaptionTokenizer, TokenizerKind } from "./caption_tokenizer.ts";
import { ClipTokenizer } from "./clip_tokenizer.ts";
import type { TokenFlavour } from "./token_rules.ts";
import { bertPieces, clipMerges } from "./vocabularies.ts";

/** Tokenizers of released models; the one for icons is trained on a data set. */
export type ReleasedTokenizerKind = Exclude<TokenizerKind, "icons">;

/**
 * The tokenizer of a released model, from the pinned package with its vocabulary.
 *
 * @throws {Error} when the package is missing; {SyntaxError} when its vocabulary is another one.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openNamedTokenizer } from "./named_tokenizer.ts";
 *
 * const tokenizer = openNamedTokenizer("clip-bpe", "torch");
 * assert.equal(tokenizer.vocabularySize, 49408);
 * assert.equal(tokenizer.decode(tokenizer.encodeIds("A cat")), "a cat");
 * ```
 */
export function openNamedTokenizer(
  kind: ReleasedTokenizerKind,
  flavour: TokenFlavour,
): CaptionTokenizer {
  switch (kind) {
    case "clip-bpe":
      return new ClipTokenizer(clipMerges(), flavour);
    case "bert-uncased":
      return new BertTokenizer(bertPieces(), "jax", flavour);
    case "bert-uncased-strip-sep":
      return new BertTokenizer(bertPieces(), "strip-sep", flavour);
  }
}
