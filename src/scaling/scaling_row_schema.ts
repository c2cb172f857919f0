import { z } from "zod";
import type { ScalingRow } from "./scaling_row.ts";

const fraction = z.number().min(0).max(1);
const count = z.int().min(1);
const name = z.string().min(1);

/** The check of a {@linkcode ScalingRow}. */
export const scalingRowSchema = z.strictObject({
  source: name,
  model: name,
  parameters: z.number().positive(),
  imageStrategy: name,
  imageTokens: count,
  fullImageTokens: count,
  textStrategy: name,
  textTokens: count,
  fullTextTokens: count,
  tuned: z.boolean(),
  seed: z.int().nullable(),
  metric: name,
  value: fraction,
  se: z.number().min(0).nullable(),
  n: count.nullable(),
  classHits: z.array(z.int().min(0)).nullable(),
  classSizes: z.array(count).nullable(),
  compute: z.number().positive().nullable(),
}) satisfies z.ZodType<ScalingRow>;
