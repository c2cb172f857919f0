import { z } from "zod";
import { IMAGE_STRATEGIES } from "./image_token_rule.ts";
import { type StageRecipe, TEXT_STRATEGIES } from "./stage_recipe.ts";

export type { AugmentRecipe, StageRecipe } from "./stage_recipe.ts";

const share = z.number().min(0).max(1);
const count = z.int().min(1);

/** The check of a {@link StageRecipe}; its fields are explained there. */
export const stageSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "lower-case letters, digits and hyphens"),
  samples: count,
  batch: z.int().min(2),
  accumulate: count,
  recompute: z.boolean().optional(),
  // Options of one strategy are left out where a recipe does not give them, so that its hash stays.
  image: z.strictObject({
    strategy: z.enum(IMAGE_STRATEGIES),
    size: count,
    tokens: count,
    jitter: z.enum(["none", "sample", "window"]).optional(),
    placement: z.enum(["random", "centre"]).optional(),
  }),
  text: z.strictObject({
    strategy: z.enum(TEXT_STRATEGIES),
    tokens: z.int().min(2),
    order: z.enum(["text", "shuffled"]).optional(),
    tags: z.enum(["sentence", "word", "first-piece"]).optional(),
    unit: z.enum(["pieces", "words"]).optional(),
  }),
  lr: z.number().positive().nullable(),
  baseLr: z.number().positive().nullable(),
  warmup: z.union([
    z.strictObject({ steps: z.int().min(0) }),
    z.strictObject({ share }),
  ]),
  schedule: z.enum(["cosine", "linear", "constant"]),
  endLr: share,
  augment: z.strictObject({
    area: z.tuple([share, share]),
    aspect: z.tuple([z.number().positive(), z.number().positive()]),
    inkPaper: share,
    invert: share,
    jitter: z.strictObject({ probability: share, strength: share }),
    gray: share,
    flip: share,
    warp: z.strictObject({
      rotate: z.number().min(0).max(180),
      shear: share,
      scale: z.tuple([z.number().positive(), z.number().positive()]),
      shift: share,
    }).optional(),
    stroke: z.number().min(0).max(4).optional(),
  }),
}) satisfies z.ZodType<StageRecipe>;
