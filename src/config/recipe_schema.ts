import { z } from "zod";
import { modelSchema } from "./model_schema.ts";
import { stageSchema } from "./stage_schema.ts";

const share = z.number().min(0).max(1);
const weight = z.number().min(0);
const count = z.int().min(1);

/** Where the pairs come from. */
const data = z.strictObject({
  /** A built-in data set; exactly one of `set` and `shards` is given. */
  set: z.enum(["icons-v1"]).nullable(),
  /** Path or glob of webdataset tar shards. */
  shards: z.string().min(1).nullable(),
  /** Uses only this many training pairs, chosen by hash; null for all. */
  limit: count.nullable(),
  /**
   * Relative weights with which a caption level is drawn for a picture that has it: l1 = name, l2 =
   * a sentence of name, style and set, l3 = tags, l4 = name and dictionary gloss, l5 = all of them.
   */
  captions: z.strictObject({ l1: weight, l2: weight, l3: weight, l4: weight, l5: weight }),
  /** `phrase-family` shows one picture of each phrase and designer family in an epoch. */
  balance: z.enum(["none", "phrase-family"]),
  /** Most rows of one designer family in an epoch; null for no limit. */
  familyCap: count.nullable(),
});

/** AdamW; new at every stage. */
const optimizer = z.strictObject({
  beta1: z.number().min(0).lt(1),
  beta2: z.number().min(0).lt(1),
  eps: z.number().positive(),
  /** Decoupled, multiplied by the learning rate. */
  weightDecay: z.number().min(0),
  /**
   * What decays: `kernels` = weight matrices of the layers only (JAX); `matrices` = everything with
   * two or more dimensions, token and position tables included (PyTorch).
   */
  decayed: z.enum(["kernels", "matrices"]),
  /** Largest norm of the whole gradient; null for no clipping. */
  clipNorm: z.number().positive().nullable(),
  /** Averaging of the weights used for evaluation: `ema` with its decay, `tail` over the last share. */
  averaging: z.union([
    z.strictObject({ kind: z.literal("ema"), decay: z.number().gt(0).lt(1) }),
    z.strictObject({ kind: z.literal("tail"), share: share.gt(0) }),
  ]).nullable(),
});

const evaluation = z.strictObject({
  /** Zero-shot benchmarks by name. */
  benches: z.array(z.string().min(1)),
  /** Designer families on which retrieval is measured. */
  retrieval: z.array(z.string().min(1)),
  /** Also evaluates during training, each time this many pairs were seen; null for the end only. */
  everySamples: count.nullable(),
});

const checkpoint = z.strictObject({
  /** Steps between checkpoints; null for one at the end of each stage. */
  everySteps: count.nullable(),
  /** Checkpoints kept on disk. */
  keep: count,
});

/** One experiment, every field filled in. */
export const recipeSchema = z.strictObject({
  /** Name of the run's folder. */
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "letters, digits, dots, hyphens"),
  data,
  model: modelSchema,
  stages: z.array(stageSchema).min(1),
  optimizer,
  eval: evaluation,
  /** Seed of every random choice. */
  seed: z.int().min(0).max(2 ** 32 - 1),
  checkpoint,
});

/** A recipe with every field filled in, as {@link loadRecipe} returns it (deeply frozen). */
export type Recipe = DeepReadonly<z.infer<typeof recipeSchema>>;

/** A type whose fields, at every depth, cannot be assigned to. */
export type DeepReadonly<T> = T extends (infer E)[] ? readonly DeepReadonly<E>[]
  : T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
  : T;
