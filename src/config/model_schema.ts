import { z } from "zod";

const count = z.int().min(1);

/** The picture encoder, a vision transformer. */
const imageTower = z.strictObject({
  /** Features per token. */
  width: count,
  /** Transformer blocks. */
  layers: count,
  /** Attention heads; must divide the width. */
  heads: count,
  /** Hidden features of a block's two-layer perceptron. */
  mlp: count,
  /** Side of a square patch, in pixels. */
  patch: count,
  /** A learned token in front of the patches. */
  classToken: z.boolean(),
  /**
   * How the tokens become one feature row: `cls` = layer norm, then the class token; `mean` = mean of
   * the patches without the class token, then layer norm (JAX "gap"); `mean-with-cls` = mean of all
   * tokens, then layer norm (the "gap" of the first PyTorch weights).
   */
  pool: z.enum(["cls", "mean", "mean-with-cls"]),
  /**
   * Position table: `sincos2d` = fixed sines and cosines with the JAX code's frequencies
   * 10000^(-k / (width/4 - 1)); `sincos2d-mae` = the same with 10000^(-k / (width/4)); `learned`.
   */
  position: z.enum(["sincos2d", "sincos2d-mae", "learned"]),
  /** A layer norm in front of the first block (`ln_pre`). */
  preNorm: z.boolean(),
  /** Filter of the antialiased resize, in training and at inference. */
  filter: z.enum(["bilinear", "bicubic"]),
  /** Mean and standard deviation taken off the pixels. */
  pixels: z.enum(["imagenet", "openai"]),
});

/** The caption encoder. */
const textTower = z.strictObject({
  /** Features per token. */
  width: count,
  /** Transformer blocks. */
  layers: count,
  /** Attention heads; must divide the width. */
  heads: count,
  /** Hidden features of a block's two-layer perceptron. */
  mlp: count,
  /** `last` = the last position, padding or not (JAX); `eot` = the end-of-text token (OpenAI). */
  pool: z.enum(["last", "eot"]),
  /** Whether a token sees only the tokens before it. */
  causal: z.boolean(),
  /** Rows of the token table. */
  vocabulary: z.int().min(260),
});

/**
 * A whole model. Everything in which the two CLIPA code bases differ is a field of its own; the
 * flavour only says where the values come from when a recipe leaves them out (paper 1, section 3.1 and
 * appendix; the released code).
 */
export const modelSchema = z.strictObject({
  /** Name of the row of the preset table that filled the fields, if any. */
  preset: z.string().nullable(),
  /** Decides initial weights and special tokens, and the defaults of the fields below. */
  flavour: z.enum(["jax", "torch"]),
  /** Features of the shared space of pictures and captions. */
  embed: count,
  image: imageTower,
  text: textTower,
  /** GELU by its tanh approximation or by the error function. */
  gelu: z.enum(["tanh", "erf"]),
  /** Added to the variance in every layer norm. */
  layerNormEps: z.number().positive(),
  /** Keeps the feature norm off zero: z / (|z| + eps). */
  normEps: z.number().positive(),
  /** Initial value of the similarity scale (1 / temperature), as a factor and not as its logarithm. */
  logitScaleInit: z.number().positive(),
  /** Upper bound of the similarity scale, kept after every step; null for none. */
  logitScaleMax: z.number().positive().nullable(),
});

/** A model with every field filled in. */
export type ModelSpec = z.infer<typeof modelSchema>;
