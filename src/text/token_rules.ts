import { FLAVOURS } from "../config/flavours.ts";

/** Special tokens that each flavour adds to the pieces. */
export const SPECIAL_TOKENS = 2;

/** Which of the two CLIPA code bases the token ids follow. */
export type TokenFlavour = keyof typeof FLAVOURS;

/** How a flavour frames a caption; ids count rows of the token table. */
export interface TokenRules {
  readonly flavour: TokenFlavour;
  /** Fills the places behind the caption. */
  readonly pad: number;
  /** Stands in front of every caption: `[CLS]` (JAX) or `SOT` (PyTorch). */
  readonly start: number;
  /** Stands behind every caption: `EOT` (PyTorch); null where there is none (JAX). */
  readonly end: number | null;
  /** Id of piece 0; piece `p` has the id `firstPiece + p`. */
  readonly firstPiece: number;
  /** Position that the tower pools: the last one, or that of the largest id, which is `EOT`. */
  readonly pool: "last" | "eot";
  /** Whether a token sees only those before it. */
  readonly causal: boolean;
}

/**
 * The rules of a flavour for a code of so many pieces.
 *
 * `jax`: ids `[PAD]` 0, `[CLS]` 1, then the pieces. `[CLS]` first, no end token, attention in both
 * directions without a padding mask, the last position is pooled (JAX `bert_tokenize`).
 * `torch`: the pieces, then `SOT` and `EOT`, the largest id, so that pooling at the largest id finds it.
 * Padding is 0, the NUL byte, which no cleaned caption holds (OpenAI's tokenizer).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { tokenRules } from "./token_rules.ts";
 *
 * assert.equal(tokenRules("jax", 8190).start, 1);
 * assert.equal(tokenRules("torch", 8190).end, 8191);
 * ```
 */
export function tokenRules(flavour: TokenFlavour, pieces: number): TokenRules {
  const { pool, causal } = FLAVOURS[flavour].text;
  return flavour === "jax"
    ? { flavour, pad: 0, start: 1, end: null, firstPiece: SPECIAL_TOKENS, pool, causal }
    : { flavour, pad: 0, start: pieces, end: pieces + 1, firstPiece: 0, pool, causal };
}

/**
 * The rules of OpenAI's tokenizer for a code of so many symbols: `SOT` in front, `EOT` behind, both above
 * the symbols; padding is 0, which is also the id of "!".
 */
export function clipRules(flavour: TokenFlavour, pieces: number): TokenRules {
  const { pool, causal } = FLAVOURS[flavour].text;
  return { flavour, pad: 0, start: pieces, end: pieces + 1, firstPiece: 0, pool, causal };
}

/** `[CLS]` of BERT's vocabulary. */
const BERT_CLS = 101;

/**
 * The rules for BERT's vocabulary: `[CLS]` in front, padding `[PAD]` = 0. The JAX code puts nothing
 * behind the caption; open_clip lets its tokenizer put `[SEP]` there and then writes 0 over it
 * (`strip_sep_token`), so that a caption has one place less: 30 pieces of 32 tokens, not 31.
 */
export function bertRules(flavour: TokenFlavour, stripSep: boolean): TokenRules {
  const { pool, causal } = FLAVOURS[flavour].text;
  const end = stripSep ? 0 : null;
  return { flavour, pad: 0, start: BERT_CLS, end, firstPiece: 0, pool, causal };
}
