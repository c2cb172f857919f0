import { z } from "zod";
import type { ModelSpec } from "./model_spec.ts";

export type { ModelSpec } from "./model_spec.ts";

const count = z.int().min(1);

/** The check of a {@link ModelSpec}; its fields are explained there. */
export const modelSchema = z.strictObject({
  preset: z.string().nullable(),
  flavour: z.enum(["jax", "torch"]),
  embed: count,
  image: z.strictObject({
    width: count,
    layers: count,
    heads: count,
    mlp: count,
    patch: count,
    classToken: z.boolean(),
    pool: z.enum(["cls", "mean", "mean-with-cls"]),
    normBeforePool: z.literal(true).optional(),
    layerScale: z.number().positive().optional(),
    position: z.enum(["sincos2d", "sincos2d-mae", "learned"]),
    preNorm: z.boolean(),
    filter: z.enum(["bilinear", "bicubic"]),
    pixels: z.enum(["imagenet", "openai"]),
  }),
  text: z.strictObject({
    width: count,
    layers: count,
    heads: count,
    mlp: count,
    pool: z.enum(["last", "eot"]),
    causal: z.boolean(),
    layerScale: z.number().positive().optional(),
    // 256 bytes and the special tokens are the least that can spell any caption.
    vocabulary: z.int().min(260),
  }),
  gelu: z.enum(["tanh", "erf", "quick"]),
  layerNormEps: z.number().positive(),
  normEps: z.number().positive(),
  logitScaleInit: z.number().positive(),
  logitScaleMax: z.number().positive().nullable(),
}) satisfies z.ZodType<ModelSpec>;
