import type { ModelSpec } from "../config/model_spec.ts";
import { layerNorm } from "../tensor/ops/layer_norm.ts";
import { l2Normalize } from "../tensor/ops/l2_normalize.ts";
import { linear } from "../tensor/ops/linear.ts";
import { assembleTokens, patchify } from "../tensor/ops/patches.ts";
import { pool, type Pooling } from "../tensor/ops/pool.ts";
import { reshape } from "../tensor/ops/elementwise.ts";
import type { Tape } from "../tensor/tape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { imageBlockSpec, normRule } from "./block_specs.ts";
import type { ModelShape } from "./model_shape.ts";
import { type BlockType, type Lookup, residualBlock } from "./residual_block.ts";

/** What the image tower reads. */
export interface ImageInputs {
  /** u8 [batch, size, size, 3] */
  readonly pixels: Tensor;
  /** [6]: mean and standard deviation of red, green, blue. */
  readonly meanStd: Tensor;
  /** [tokens, width]: fixed table; absent when positions are learned. */
  readonly positions?: Tensor;
  /** i32 [batch, kept]: patches that are kept; absent = all. */
  readonly kept?: Tensor;
}

const POOLINGS: Readonly<Record<string, Pooling>> = {
  cls: "cls",
  mean: "mean-patches",
  "mean-with-cls": "mean",
};

/** Which tokens the image tower pools. Without a class token every token is a patch. */
export function imagePooling({ image }: ModelSpec): Pooling {
  return !image.classToken && image.pool === "mean" ? "mean" : POOLINGS[image.pool];
}

/** True when all tokens are normed before pooling; where one token is pooled the order is the same. */
export function normsTokens({ image }: ModelSpec): boolean {
  return image.normBeforePool === true && image.pool !== "cls";
}

/**
 * The vision transformer: pictures → unit vectors [batch, embed].
 *
 * `cls` pools after the last layer norm, the means before it: layer norm after pooling, as in the released JAX code,
 * unless `normBeforePool` is set.
 */
export function imageTower(
  tape: Tape,
  get: Lookup,
  shape: ModelShape,
  inputs: ImageInputs,
  block: BlockType = residualBlock,
): Tensor {
  const { spec } = shape;
  const { image, layerNormEps: eps } = spec;
  const batch = inputs.pixels.shape[0];
  const conv = get("visual.conv1.weight");
  const columns = 3 * image.patch * image.patch;

  const patches = patchify(tape, inputs.pixels, inputs.meanStd, image.patch, inputs.kept);
  const embedded = linear(tape, patches, reshape(tape, conv, [image.width, columns]));
  let x = assembleTokens(tape, embedded, {
    cls: image.classToken ? get("visual.class_embedding") : undefined,
    position: inputs.positions ?? get("visual.positional_embedding"),
    kept: inputs.kept,
  });
  if (image.preNorm) {
    x = layerNorm(tape, x, get("visual.ln_pre.weight"), get("visual.ln_pre.bias"), eps);
  }
  for (let i = 0; i < image.layers; i++) {
    x = block.forward(
      tape,
      get,
      `visual.transformer.resblocks.${i}`,
      x,
      imageBlockSpec(spec),
    );
  }
  const norm = (of: Tensor) =>
    layerNorm(tape, of, get("visual.ln_post.weight"), get("visual.ln_post.bias"), eps);
  const pooling = imagePooling(spec);
  const normed = normsTokens(spec) ? pool(tape, norm(x), pooling) : norm(pool(tape, x, pooling));
  const features = linear(tape, normed, get("visual.proj"), { layout: "in-out" });
  return l2Normalize(tape, reshape(tape, features, [batch, spec.embed]), normRule(spec));
}
