import { z } from "zod";
import type { StageRecipe } from "./stage_recipe.ts";

export type { AugmentRecipe, StageRecipe } from "./stage_recipe.ts";

const share = z.number().min(0).max(1);
const count = z.int().min(1);

/** The check of a {@link StageRecipe}; its fields are explained there. */
export const stageSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "lower-case letters, digits and hyphens"),
  samples: count,
  batch: z.int().min(2),
  accumulate: count,
  image: z.strictObject({ strategy: z.enum(["resize"]), size: count, tokens: count }),
  text: z.strictObject({ strategy: z.enum(["truncation"]), tokens: z.int().min(2) }),
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
  }),
}) satisfies z.ZodType<StageRecipe>;
