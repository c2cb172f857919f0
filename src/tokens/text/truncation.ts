import type { TextReduction } from "../text_reduction.ts";

/**
 * Text truncation: keep the first tokens (paper 1, section 3.3; `bert_tokenize` and the BPE tokenizer
 * in the code). What the tokenizer does by itself.
 */
export const truncation: TextReduction = {
  encode: (tokenizer, text, length, out, at) => tokenizer.encode(text, length, out, at),
};
