import { embedding } from "../tensor/ops/embedding.ts";
import { layerNorm } from "../tensor/ops/layer_norm.ts";
import { l2Normalize } from "../tensor/ops/l2_normalize.ts";
import { linear } from "../tensor/ops/linear.ts";
import { pool } from "../tensor/ops/pool.ts";
import type { Tape } from "../tensor/tape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { normRule, textBlockSpec } from "./block_specs.ts";
import type { ModelShape } from "./model_shape.ts";
import { type BlockType, type Lookup, residualBlock } from "./residual_block.ts";

/**
 * The text transformer: token ids, i32 [batch, tokens] → unit vectors [batch, embed].
 *
 * Padding is not masked: the JAX code attends to it and pools the last position, padding or not;
 * the PyTorch code is causal and pools the end token, so padding cannot matter.
 */
export function textTower(
  tape: Tape,
  get: Lookup,
  shape: ModelShape,
  ids: Tensor,
  block: BlockType = residualBlock,
): Tensor {
  const { spec } = shape;
  const { text } = spec;
  let x = embedding(tape, ids, get("token_embedding.weight"), get("positional_embedding"));
  for (let i = 0; i < text.layers; i++) {
    x = block.forward(tape, get, `transformer.resblocks.${i}`, x, textBlockSpec(spec));
  }
  // A layer norm works row by row, so it may follow the pooling: the same numbers, fewer rows.
  const pooled = pool(tape, x, text.pool, ids);
  const normed = layerNorm(
    tape,
    pooled,
    get("ln_final.weight"),
    get("ln_final.bias"),
    spec.layerNormEps,
  );
  const features = linear(tape, normed, get("text_projection"), { layout: "in-out" });
  return l2Normalize(tape, features, normRule(spec));
}
