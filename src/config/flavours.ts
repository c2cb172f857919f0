/**
 * The values in which the two CLIPA code bases differ. `jax` trained the law runs and the second
 * paper's weights, `torch` the first paper's released weights.
 */
export const FLAVOURS = {
  jax: {
    image: {
      classToken: true,
      pool: "mean",
      position: "sincos2d",
      preNorm: false,
      filter: "bilinear",
      pixels: "imagenet",
    },
    text: { pool: "last", causal: false, vocabulary: 32_000 },
    gelu: "tanh",
    layerNormEps: 1e-6,
    normEps: 1e-8,
    logitScaleInit: 1 / 0.07,
    logitScaleMax: null,
  },
  torch: {
    image: {
      classToken: true,
      pool: "mean-with-cls",
      position: "sincos2d-mae",
      preNorm: true,
      filter: "bicubic",
      pixels: "openai",
    },
    text: { pool: "eot", causal: true, vocabulary: 49_408 },
    gelu: "erf",
    layerNormEps: 1e-5,
    normEps: 1e-12,
    logitScaleInit: 1 / 0.07,
    logitScaleMax: 100,
  },
} as const;
