import type { ModelSpec } from "../config/model_spec.ts";

/** Tokens that a pass sees: patches without the class token, caption tokens with special tokens. */
export interface TokenCounts {
  readonly patches: number;
  readonly text: number;
}

/**
 * Multiply-accumulates of one image-text pair in the linear layers: the papers' "FLOPs". With
 * `attention` the score and value products are counted too (CLIPA-v2's 177.0 G for H/14).
 *
 * Vision: P·3p²·w + layers·(P+1)·(4w² + 2w·mlp) + w·e; text: layers·L·(4w² + 2w·mlp) + w·e.
 *
 * ```ts
 * // pairMacs(h14, { patches: 256, text: 32 }, { attention: true }) / 1e9 is 177.0
 * ```
 */
export function pairMacs(
  spec: ModelSpec,
  { patches, text }: TokenCounts,
  options: { attention?: boolean } = {},
): number {
  const { image, embed } = spec;
  const block = (tower: { width: number; mlp: number }, tokens: number) =>
    tokens * (4 * tower.width ** 2 + 2 * tower.width * tower.mlp) +
    (options.attention ? 2 * tokens ** 2 * tower.width : 0);
  const imageTokens = patches + (image.classToken ? 1 : 0);
  return patches * 3 * image.patch ** 2 * image.width +
    image.layers * block(image, imageTokens) + image.width * embed +
    spec.text.layers * block(spec.text, text) + spec.text.width * embed;
}

/** Parameters of the towers at a picture size and text length, and their sum. */
export function parameterCounts(
  spec: ModelSpec,
  imageSize: number,
  textTokens: number,
): { image: number; text: number; total: number } {
  const { image, text, embed } = spec;
  const blocks = ({ width, mlp, layers, layerScale }: typeof image | typeof text) =>
    layers * (4 * width ** 2 + 2 * width * mlp + (layerScale === undefined ? 9 : 11) * width + mlp);
  const patches = (imageSize / image.patch) ** 2;
  const classToken = image.classToken ? 1 : 0;
  const imageCount = 3 * image.patch ** 2 * image.width + classToken * image.width +
    (patches + classToken) * image.width + (image.preNorm ? 2 * image.width : 0) + blocks(image) +
    2 * image.width + image.width * embed;
  const textCount = text.vocabulary * text.width + textTokens * text.width + blocks(text) +
    2 * text.width + text.width * embed;
  return { image: imageCount, text: textCount, total: imageCount + textCount + 1 };
}
