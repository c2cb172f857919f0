import { z } from "zod";

const percent = z.number().min(0).max(100);
const count = z.int().min(1);
const text = z.string().min(1);
const hours = z.number().positive();
const notes = z.array(text);
const setting = z.record(z.string(), z.union([z.string(), z.number()]));
const about = { source: text, setting, notes };

/** Top-1 on ImageNet-1k, in percent, before and after tuning at full length; null = not run. */
const stages = z.strictObject({ pre: percent.nullable(), ft: percent.nullable() });
const models = z.record(z.string(), stages);
const metrics = z.record(z.string(), percent);
const runStage = z.strictObject({ samples: count, imageSize: count });

/** Accuracy against image tokens: table 11. */
export const imageTokenTable = z.strictObject({
  ...about,
  fullImageTokens: count,
  rows: z.array(z.strictObject({
    strategy: z.enum(["baseline", "random", "grid", "block", "resize"]),
    imageSize: count,
    maskRatioPercent: percent,
    imageTokens: count,
    scores: models,
  })),
});

/** Accuracy against text tokens: table 12. */
export const textTokenTable = z.strictObject({
  ...about,
  fullTextTokens: count,
  rows: z.array(z.strictObject({
    strategy: z.enum(["truncation", "random", "block", "syntax"]),
    textTokens: count,
    scores: models,
  })),
});

/** Robustness and retrieval against text tokens: table 15. */
export const transferTable = z.strictObject({
  ...about,
  rows: z.array(z.strictObject({
    strategy: z.enum(["truncation", "random", "block", "syntax"]),
    textTokens: count,
    scores: z.record(z.string(), metrics),
  })),
});

/** ConvNeXt and ViT against the picture size: table 13. */
export const convnextTable = z.strictObject({
  ...about,
  imageParametersMillion: z.record(z.string(), z.number().positive()),
  textParametersMillion: z.record(z.string(), z.number().positive()),
  rows: z.array(z.strictObject({ imageSize: count, scores: models })),
});

/** Accuracy against compute: figure 8. */
export const computeFigure = z.strictObject({
  ...about,
  points: z.array(z.strictObject({
    model: text,
    imageSize: count,
    textTokens: count,
    compute1e11: z.number().positive(),
    accuracy: percent,
  })),
  pairGmacs: z.array(z.strictObject({
    model: text,
    imageSize: count,
    textTokens: count,
    gmacs: z.number().positive(),
  })),
  arrows: z.array(z.strictObject({
    from: text,
    to: text,
    speedup: z.number().positive(),
    accuracyGainPrinted: z.number(),
    accuracyGainTable: z.number().nullable(),
  })),
});

/** Whole runs with their cost and results: tables 1 and 2, paper 2's table 4, the README. */
export const runTable = z.strictObject({
  ...about,
  rows: z.array(z.strictObject({
    model: text,
    data: text.optional(),
    reEvaluated: z.boolean().optional(),
    imageTokens: count.nullable().optional(),
    textTokens: count.nullable().optional(),
    stages: z.array(runStage).min(1),
    gpuHours: hours.optional(),
    costUsd: hours.optional(),
    gpuHoursAdded: hours.nullable().optional(),
    costUsdAdded: hours.nullable().optional(),
    compute1e12: z.number().positive().optional(),
    scores: metrics,
    in1kBeforeTuning: percent.optional(),
    in1kOtherReadme: percent.nullable().optional(),
    printed: text.optional(),
  })),
});

/** Change of accuracy against the share of patches kept in tuning: paper 2's figure 2. */
export const tuningMaskFigure = z.strictObject({
  ...about,
  rows: z.array(z.strictObject({
    series: text,
    draftOnly: z.boolean(),
    points: z.array(z.strictObject({ keptPercent: percent, change: z.number() })),
  })),
});

/** Small tables: plain rows of named values. */
export const plainTable = z.strictObject({
  ...about,
  rows: z.array(z.record(z.string(), z.unknown())).min(1),
});

/** What is printed wrong and what is used instead. */
export const misprintTable = z.strictObject({
  source: text,
  rows: z.array(z.strictObject({ where: text, printed: text, used: text, reason: text })),
});
