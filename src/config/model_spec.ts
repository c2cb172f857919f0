/** The picture encoder, a vision transformer. */
export interface ImageTowerSpec {
  /** Features per token. */
  readonly width: number;
  /** Transformer blocks. */
  readonly layers: number;
  /** Attention heads; must divide the width. */
  readonly heads: number;
  /** Hidden features of a block's two-layer perceptron. */
  readonly mlp: number;
  /** Side of a square patch, in pixels. */
  readonly patch: number;
  /** A learned token in front of the patches. */
  readonly classToken: boolean;
  /**
   * How the tokens become one feature row: `cls` = layer norm, then the class token; `mean` = mean of
   * the patches without the class token, then layer norm (JAX "gap"); `mean-with-cls` = mean of all
   * tokens, then layer norm (the "gap" of the first PyTorch weights).
   */
  readonly pool: "cls" | "mean" | "mean-with-cls";
  /** The last layer norm in front of a mean instead of behind it, as in some models of others. */
  readonly normBeforePool?: true;
  /** Starts learned factors of what each half of a block adds to its stream (LayerScale); else none. */
  readonly layerScale?: number;
  /**
   * Position table: `sincos2d` = fixed sines and cosines with the JAX code's frequencies
   * 10000^(-k / (width/4 - 1)); `sincos2d-mae` = the same with 10000^(-k / (width/4)); `learned`.
   */
  readonly position: "sincos2d" | "sincos2d-mae" | "learned";
  /** A layer norm in front of the first block (`ln_pre`). */
  readonly preNorm: boolean;
  /** Filter of the antialiased resize, in training and at inference. */
  readonly filter: "bilinear" | "bicubic";
  /** Mean and standard deviation taken off the pixels. */
  readonly pixels: "imagenet" | "openai";
}

/** The caption encoder. */
export interface TextTowerSpec {
  /** Features per token. */
  readonly width: number;
  /** Transformer blocks. */
  readonly layers: number;
  /** Attention heads; must divide the width. */
  readonly heads: number;
  /** Hidden features of a block's two-layer perceptron. */
  readonly mlp: number;
  /** `last` = the last position, padding or not (JAX); `eot` = the end-of-text token (OpenAI). */
  readonly pool: "last" | "eot";
  /** Whether a token sees only the tokens before it. */
  readonly causal: boolean;
  /** As in the image tower. */
  readonly layerScale?: number;
  /** Rows of the token table. */
  readonly vocabulary: number;
}

/**
 * A whole model with every field filled in. Everything in which the two CLIPA code bases differ is a
 * field of its own; the flavour only says where the values come from when a recipe leaves them out
 * (paper 1, section 3.1 and appendix; the released code).
 */
export interface ModelSpec {
  /** Name of the row of the preset table that filled the fields, if any. */
  readonly preset: string | null;
  /** Decides initial weights and special tokens, and the defaults of the fields below. */
  readonly flavour: "jax" | "torch";
  /** Features of the shared space of pictures and captions. */
  readonly embed: number;
  readonly image: ImageTowerSpec;
  readonly text: TextTowerSpec;
  /**
   * GELU by its tanh approximation or by the error function; `quick` = x sigmoid(1.702 x), with which
   * OpenAI trained.
   */
  readonly gelu: "tanh" | "erf" | "quick";
  /** Added to the variance in every layer norm. */
  readonly layerNormEps: number;
  /** Keeps the feature norm off zero: z / (|z| + eps). */
  readonly normEps: number;
  /** Initial value of the similarity scale (1 / temperature), as a factor and not as its logarithm. */
  readonly logitScaleInit: number;
  /** Upper bound of the similarity scale, kept after every step; null for none. */
  readonly logitScaleMax: number | null;
}
