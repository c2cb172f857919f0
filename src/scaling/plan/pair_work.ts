import type { ModelSpec } from "../../config/model_spec.ts";
import { pairMacs, type TokenCounts } from "../../model/model_cost.ts";

/** What one pair costs a training step, whatever the device. */
export interface PairWork {
  /** Multiply-accumulates of a forward pass in the linear layers, as the papers count. */
  readonly macs: number;
  /** The same with the attention products. */
  readonly macsWithAttention: number;
  /** Bytes that a forward pass moves outside the matrix products. */
  readonly forwardBytes: number;
}

/**
 * Bytes of a forward pass per token, layer and feature at 2 bytes a value, by the plain operations of
 * PyTorch under automatic mixed precision, where layer norm and softmax run in 4 bytes: two layer
 * norms 2 x (read 2, write 4, read 4, write 2), query scaling and output layout 2 x (2 + 2), two
 * residual sums 2 x (2 + 2 + 2), GELU on four times the width 4 x (2 + 2). Operands of the matrix
 * products are not counted: there, arithmetic takes longer than memory.
 */
const BYTES_PER_FEATURE = 60;
/** Bytes per attention score: product 2, cast 2 + 4, softmax 4 + 4, cast 4 + 2, product 2. */
const BYTES_PER_SCORE = 24;

/**
 * Work of a pair at a token budget.
 *
 * @param valueBytes Bytes of a value; the counts above are for 2.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { paperSpec } from "../paper/paper_spec.ts";
 * import { pairWork } from "./pair_work.ts";
 *
 * const work = pairWork(paperSpec("H/14"), { patches: 256, text: 32 }, 2);
 * assert.equal((work.macsWithAttention / 1e9).toFixed(1), "177.0"); // paper 2
 * ```
 */
export function pairWork(spec: ModelSpec, tokens: TokenCounts, valueBytes: number): PairWork {
  const { image, text } = spec;
  const traffic = (tower: { width: number; layers: number; heads: number }, count: number) =>
    tower.layers *
    (count * tower.width * BYTES_PER_FEATURE + count ** 2 * tower.heads * BYTES_PER_SCORE);
  const imageTokens = tokens.patches + (image.classToken ? 1 : 0);
  return {
    macs: pairMacs(spec, tokens),
    macsWithAttention: pairMacs(spec, tokens, { attention: true }),
    forwardBytes: (traffic(image, imageTokens) + traffic(text, tokens.text)) * valueBytes / 2,
  };
}

/** How often a training step runs the forward work: once, twice over in the backward pass, and again for what is computed anew. */
export function forwardPasses(options: { recompute: boolean; accumulate: number }): number {
  // Parts of a batch go forward twice: once for all features, once with their gradient.
  return 3 + (options.recompute ? 1 : 0) + (options.accumulate > 1 ? 1 : 0);
}
