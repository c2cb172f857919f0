/** Domain of the custom ops; a graph that uses them imports it at {@linkcode CUSTOM_OP_VERSION}. */
export const CUSTOM_OP_DOMAIN = "clipa";

/** Version of the domain. */
export const CUSTOM_OP_VERSION = 1;

/** Element types that the ops use. */
export type CustomOpType = "f32" | "u8" | "i32" | "i64";

/** An input or output: its shape in the letters of the op's other tensors. */
export interface CustomOpTensor {
  readonly name: string;
  readonly type: CustomOpType;
  /** Letters are shared among the tensors of the op; `K+c` is K plus one where a class token is given. */
  readonly shape: readonly (string | number)[];
  readonly optional?: true;
}

/** An attribute; without a default it has to be given. */
export interface CustomOpAttribute {
  readonly name: string;
  readonly type: "int" | "float" | "string";
  readonly default?: number | string;
  /** Values of a string attribute. */
  readonly values?: readonly string[];
}

/** One custom op as data: what the graph writer checks against and the library implements. */
export interface CustomOp {
  readonly name: string;
  readonly inputs: readonly CustomOpTensor[];
  readonly outputs: readonly CustomOpTensor[];
  readonly attributes: readonly CustomOpAttribute[];
}

const f32 = (name: string, ...shape: (string | number)[]): CustomOpTensor => ({
  name,
  type: "f32",
  shape,
});

const int = (name: string, fallback?: number): CustomOpAttribute => ({
  name,
  type: "int",
  ...(fallback === undefined ? {} : { default: fallback }),
});

/**
 * The custom ops of `kernels/include/clipa_ort.h`, in its order. A test compares the names, inputs
 * and attributes with those that the library registers.
 *
 * Weights have open_clip's layouts: [out, in], the last projection [in, out]. So one external file
 * serves the fast and the portable graph. Weights that are constants of the graph are packed when a
 * session opens, once per process however many sessions use them.
 */
export const CUSTOM_OPS: readonly CustomOp[] = [
  {
    // Patches of uint8 pictures, projected, with class token and positions. Mean and standard
    // deviation are folded in by the writer: weight' = weight / (255 std), bias' = -sum(weight *
    // mean / std), columns channel-major as a flattened convolution. Patches that `kept` leaves out
    // are never read.
    name: "PatchEmbed",
    inputs: [
      { name: "pixels", type: "u8", shape: ["B", "H", "W", 3] },
      f32("weight", "D", "3PP"),
      f32("bias", "D"),
      { ...f32("class_token", "D"), optional: true },
      f32("position", "N", "D"),
      { name: "kept", type: "i32", shape: ["B", "K"], optional: true },
    ],
    outputs: [f32("tokens", "B", "K+c", "D")],
    attributes: [int("patch")],
  },
  {
    // Multi-head self-attention after the projection to queries, keys and values;
    // scale 1 / sqrt(W / heads).
    name: "ShortAttention",
    inputs: [f32("qkv", "B", "T", "3W")],
    outputs: [f32("y", "B", "T", "W")],
    attributes: [int("heads"), int("causal", 0)],
  },
  {
    // Pool, layer norm, projection, L2 norm: sequences become unit vectors. `argmax` pools the first
    // position of the largest id.
    name: "PoolProjectNormalize",
    inputs: [
      f32("x", "B", "T", "W"),
      f32("gamma", "W"),
      f32("beta", "W"),
      f32("projection", "W", "E"),
      { name: "ids", type: "i32", shape: ["B", "T"], optional: true },
    ],
    outputs: [f32("y", "B", "E")],
    attributes: [
      { name: "pool", type: "string", values: ["cls", "mean", "mean-patches", "last", "argmax"] },
      { name: "eps", type: "float", default: 1e-6 },
      { name: "norm_eps", type: "float", default: 0 },
      int("norm_add_eps", 0),
    ],
  },
  {
    // A whole pre-norm transformer block: x + attention(norm(x)), then + mlp(norm(.)), the added parts
    // times scale_1 and scale_2 where they are given. A few samples
    // at a time go through all of it, so the activations between its parts stay in the cache.
    name: "ResidualBlock",
    inputs: [
      f32("x", "B", "T", "W"),
      f32("gamma_1", "W"),
      f32("beta_1", "W"),
      f32("weight_qkv", "3W", "W"),
      f32("bias_qkv", "3W"),
      f32("weight_out", "W", "W"),
      f32("bias_out", "W"),
      f32("gamma_2", "W"),
      f32("beta_2", "W"),
      f32("weight_fc", "M", "W"),
      f32("bias_fc", "M"),
      f32("weight_proj", "W", "M"),
      f32("bias_proj", "W"),
      { ...f32("scale_1", "W"), optional: true },
      { ...f32("scale_2", "W"), optional: true },
    ],
    outputs: [f32("y", "B", "T", "W")],
    attributes: [
      int("heads"),
      int("causal", 0),
      { name: "gelu", type: "string", values: ["erf", "tanh", "quick"] },
      { name: "eps", type: "float", default: 1e-6 },
    ],
  },
  {
    // The patches that a reduction keeps, in ascending order; the same numbers as the training
    // loader draws for (seed, epoch, sample).
    name: "TokenReduce",
    inputs: [
      { name: "samples", type: "i64", shape: ["B"] },
      { name: "seed", type: "i64", shape: [1] },
      { name: "epoch", type: "i64", shape: [1] },
    ],
    outputs: [{ name: "kept", type: "i32", shape: ["B", "K"] }],
    attributes: [
      { name: "strategy", type: "string", values: ["random", "grid", "block"] },
      int("grid"),
      int("keep"),
      // Of the strategy grid, and of block.
      { name: "jitter", type: "string", default: "none", values: ["none", "sample", "window"] },
      { name: "placement", type: "string", default: "random", values: ["random", "centre"] },
    ],
  },
];
