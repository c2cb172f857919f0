import type { ModelSpec } from "../config/model_spec.ts";
import type { Gelu } from "../tensor/ops/activation.ts";
import type { BlockSpec } from "./residual_block.ts";

function gelu(spec: ModelSpec): Gelu {
  return `gelu-${spec.gelu}`;
}

/** Blocks of the image tower; never causal. */
export function imageBlockSpec(spec: ModelSpec): BlockSpec {
  const { width, heads, mlp, layerScale } = spec.image;
  const { layerNormEps } = spec;
  return { width, heads, mlp, causal: false, gelu: gelu(spec), layerNormEps, layerScale };
}

/** Blocks of the text tower. */
export function textBlockSpec(spec: ModelSpec): BlockSpec {
  const { width, heads, mlp, causal, layerScale } = spec.text;
  const { layerNormEps } = spec;
  return { width, heads, mlp, causal, gelu: gelu(spec), layerNormEps, layerScale };
}

/** How features are normalised: the JAX code adds eps to the norm, PyTorch takes the larger. */
export function normRule(spec: ModelSpec): { eps: number; rule: "add" | "max" } {
  return { eps: spec.normEps, rule: spec.flavour === "jax" ? "add" : "max" };
}
