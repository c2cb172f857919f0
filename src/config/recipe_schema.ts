import { z } from "zod";
import { modelSchema } from "./model_schema.ts";
import type { Recipe } from "./recipe.ts";
import { stageSchema } from "./stage_schema.ts";

export type { Recipe } from "./recipe.ts";

const share = z.number().min(0).max(1);
const weight = z.number().min(0);
const count = z.int().min(1);

const streamSchema = z.strictObject({
  buffer: count.max(1_000_000),
  epoch: count.nullable(),
  captions: z.array(z.string().regex(/^[A-Za-z0-9_][\w.-]*$/, "txt, or json.NAME")).min(1),
  filter: z.strictObject({
    minSide: count.nullable(),
    maxAspect: z.number().min(1).nullable(),
    minWords: count.nullable(),
    score: z.strictObject({ field: z.string().min(1), min: z.number() }).nullable(),
  }),
  maxBroken: share,
  hosts: z.array(z.string().regex(/^[\w.:[\]-]+$/, "a host, with a port or without")).optional(),
});

/** The check of a {@link Recipe}; its fields are explained there. */
export const recipeSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "letters, digits, dots, hyphens"),
  data: z.strictObject({
    set: z.enum(["icons-v1"]).nullable(),
    shards: z.string().min(1).nullable(),
    stream: streamSchema.optional(),
    decode: z.enum(["exact", "scaled"]).optional(),
    limit: count.nullable(),
    captions: z.strictObject({ l1: weight, l2: weight, l3: weight, l4: weight, l5: weight }),
    tokenizer: z.enum(["icons", "clip-bpe", "bert-uncased", "bert-uncased-strip-sep"]).optional(),
    shuffleLists: z.boolean().optional(),
    balance: z.enum(["none", "phrase-family"]),
    familyCap: count.nullable(),
  }),
  model: modelSchema.extend({ init: z.string().min(1).optional() }),
  stages: z.array(stageSchema).min(1),
  loss: z.strictObject({
    kind: z.enum(["softmax", "sigmoid"]),
    biasInit: z.number().optional(),
  }).optional(),
  optimizer: z.strictObject({
    beta1: z.number().min(0).lt(1),
    beta2: z.number().min(0).lt(1),
    eps: z.number().positive(),
    weightDecay: z.number().min(0),
    decayed: z.enum(["kernels", "matrices"]),
    clipNorm: z.number().positive().nullable(),
    clipUpdate: z.number().positive().optional(),
    averaging: z.union([
      z.strictObject({ kind: z.literal("ema"), decay: z.number().gt(0).lt(1) }),
      z.strictObject({ kind: z.literal("tail"), share: share.gt(0) }),
    ]).nullable(),
  }),
  guards: z.strictObject({
    spike: z.strictObject({
      sigma: z.number().positive(),
      window: z.int().min(2),
      skips: count,
      within: count,
      rewinds: z.int().min(0),
    }),
  }).optional(),
  eval: z.strictObject({
    benches: z.array(z.string().min(1)),
    retrieval: z.array(z.string().min(1)),
    everySamples: count.nullable(),
  }),
  precision: z.enum(["float32", "bfloat16"]).optional(),
  seed: z.int().min(0).max(2 ** 32 - 1),
  checkpoint: z.strictObject({ everySteps: count.nullable(), keep: count }),
}) satisfies z.ZodType<Recipe>;
