import type { ParameterSpec } from "../tensor/parameter_store.ts";
import { attention } from "../tensor/ops/attention.ts";
import { add, mul } from "../tensor/ops/elementwise.ts";
import type { Gelu } from "../tensor/ops/activation.ts";
import { layerNorm } from "../tensor/ops/layer_norm.ts";
import { linear, mlp } from "../tensor/ops/linear.ts";
import { residualLayerNorm } from "../tensor/ops/residual_layer_norm.ts";
import type { Tape } from "../tensor/tape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { BlockInit } from "./initializers.ts";

/** What a block needs to know of its tower. */
export interface BlockSpec {
  readonly width: number;
  readonly heads: number;
  readonly mlp: number;
  readonly causal: boolean;
  readonly gelu: Gelu;
  readonly layerNormEps: number;
  /** Initial factor of what each half of a block adds to the stream; absent = no factors. */
  readonly layerScale?: number;
}

/** Finds a parameter by name. */
export type Lookup = (name: string) => Tensor;

/**
 * A block type: its parameters and its forward pass. Give your own to the towers to change the
 * model; ops bring their gradients along.
 */
export interface BlockType {
  /** Parameters of one block; names start with `prefix`. */
  parameters(prefix: string, spec: BlockSpec, init: BlockInit): ParameterSpec[];
  /** x [batch, tokens, width] → the same shape. */
  forward(tape: Tape, get: Lookup, prefix: string, x: Tensor, spec: BlockSpec): Tensor;
}

/** The pre-norm transformer block of both CLIPA code bases: attention, then a two-layer perceptron. */
export const residualBlock: BlockType = {
  parameters(prefix, { width, mlp, layerScale }, init) {
    const p = (name: string, shape: number[], decay: boolean, fill: ParameterSpec["init"]) => ({
      name: `${prefix}.${name}`,
      shape,
      decay,
      init: fill,
    });
    const factors = (name: string) =>
      layerScale === undefined
        ? []
        : [p(`${name}.gamma`, [width], false, (values) => values.fill(layerScale))];
    return [
      p("ln_1.weight", [width], false, init.ones),
      p("ln_1.bias", [width], false, init.zeros),
      p("attn.in_proj_weight", [3 * width, width], true, init.attentionIn),
      p("attn.in_proj_bias", [3 * width], false, init.zeros),
      p("attn.out_proj.weight", [width, width], true, init.attentionOut),
      p("attn.out_proj.bias", [width], false, init.zeros),
      ...factors("ls_1"),
      p("ln_2.weight", [width], false, init.ones),
      p("ln_2.bias", [width], false, init.zeros),
      p("mlp.c_fc.weight", [mlp, width], true, init.mlpIn),
      p("mlp.c_fc.bias", [mlp], false, init.zeros),
      p("mlp.c_proj.weight", [width, mlp], true, init.mlpOut),
      p("mlp.c_proj.bias", [width], false, init.zeros),
      ...factors("ls_2"),
    ];
  },

  forward(tape, get, prefix, x, { heads, causal, gelu, layerNormEps: eps, layerScale }) {
    const p = (name: string) => get(`${prefix}.${name}`);
    const n1 = layerNorm(tape, x, p("ln_1.weight"), p("ln_1.bias"), eps);
    const qkv = linear(tape, n1, p("attn.in_proj_weight"), { bias: p("attn.in_proj_bias") });
    const mixed = attention(tape, qkv, { heads, causal });
    const branch = linear(tape, mixed, p("attn.out_proj.weight"), {
      bias: p("attn.out_proj.bias"),
    });
    const scaled = layerScale !== undefined;
    const { sum: h, normed: n2 } = residualLayerNorm(tape, x, branch, {
      gamma: p("ln_2.weight"),
      beta: p("ln_2.bias"),
      eps,
      factor: scaled ? p("ls_1.gamma") : undefined,
    });
    const weights = {
      w1: p("mlp.c_fc.weight"),
      b1: p("mlp.c_fc.bias"),
      w2: p("mlp.c_proj.weight"),
      b2: p("mlp.c_proj.bias"),
    };
    // Without factors the sum with the stream is part of the matrix product.
    return scaled
      ? add(tape, mul(tape, mlp(tape, n2, weights, gelu), p("ls_2.gamma")), h)
      : mlp(tape, n2, weights, gelu, h);
  },
};
