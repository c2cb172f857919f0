import { type ComputeStage, paperCompute } from "../paper_compute.ts";
import type { ScalingRow } from "../scaling_row.ts";
import { paperSpec } from "./paper_spec.ts";
import { PAPER_TABLES } from "./paper_tables.ts";

/** Top-1 on ImageNet-1k, the metric of the law. */
export const IMAGENET_TOP1 = "imagenet-1k.top1";
/** What the papers' runs have in common. */
const SINGLE = { seed: null, se: null, n: 50_000, classHits: null, classSizes: null } as const;
const FULL_IMAGE = 197, FULL_TEXT = 32;

/** Paper 1, table 11 (figures 4, 9, 10): accuracy against image tokens, before and after tuning. */
export function paperImageRows(): ScalingRow[] {
  const { source, rows } = PAPER_TABLES.imageTokens;
  return rows.flatMap((row) =>
    stagesOf(row.scores).map(({ model, tuned, percent }) => ({
      ...SINGLE,
      source,
      model,
      parameters: totalParameters(model),
      imageStrategy: row.strategy === "baseline" ? "none" : row.strategy,
      imageTokens: row.imageTokens,
      fullImageTokens: FULL_IMAGE,
      textStrategy: "truncation",
      textTokens: FULL_TEXT,
      fullTextTokens: FULL_TEXT,
      tuned,
      metric: IMAGENET_TOP1,
      value: fraction(percent),
      compute: computeOf(
        model,
        row.imageTokens - 1,
        FULL_TEXT,
        row.strategy !== "baseline" && tuned,
      ),
    }))
  );
}

/** Paper 1, table 12 (figure 7): accuracy against text tokens, pictures of 112 px. */
export function paperTextRows(): ScalingRow[] {
  const { source, setting, rows } = PAPER_TABLES.textTokens;
  const imageTokens = Number(setting.imageTokens);
  return rows.flatMap((row) =>
    stagesOf(row.scores).map(({ model, tuned, percent }) => ({
      ...SINGLE,
      ...textCell(row, imageTokens),
      source,
      model,
      parameters: totalParameters(model),
      tuned,
      metric: IMAGENET_TOP1,
      value: fraction(percent),
      compute: computeOf(model, imageTokens - 1, row.textTokens, tuned),
    }))
  );
}

/** Paper 1, table 15: robustness and retrieval against text tokens, after tuning. */
export function paperTransferRows(): ScalingRow[] {
  const { source, rows } = PAPER_TABLES.transfer;
  return rows.flatMap((row) =>
    Object.entries(row.scores).flatMap(([model, metrics]) =>
      Object.entries(metrics).map(([metric, percent]) => ({
        ...SINGLE,
        ...textCell(row, 50),
        n: null,
        source,
        model,
        parameters: totalParameters(model),
        tuned: true,
        metric: metric === "in1k" ? IMAGENET_TOP1 : metric,
        value: fraction(percent),
        compute: computeOf(model, 49, row.textTokens, true),
      }))
    )
  );
}

/**
 * Paper 1, table 13: picture size for ViT and ConvNeXt. A ConvNeXt has no tokens; its rows count the
 * 16-pixel squares of the picture, so that the ratio to full length is that of the areas.
 */
export function paperConvnextRows(): ScalingRow[] {
  const { source, rows, imageParametersMillion, textParametersMillion } = PAPER_TABLES.convnext;
  return rows.flatMap((row) =>
    stagesOf(row.scores).map(({ model, tuned, percent }) => {
      const classToken = model.startsWith("ViT") ? 1 : 0;
      return {
        ...SINGLE,
        source,
        model,
        parameters: 1e6 * (imageParametersMillion[model] + textParametersMillion[model]),
        imageStrategy: row.imageSize === 224 ? "none" : "resize",
        imageTokens: (row.imageSize / 16) ** 2 + classToken,
        fullImageTokens: 196 + classToken,
        textStrategy: "truncation",
        textTokens: FULL_TEXT,
        fullTextTokens: FULL_TEXT,
        tuned,
        metric: IMAGENET_TOP1,
        value: fraction(percent),
        compute: null,
      };
    })
  );
}

/** A point of paper 1, figure 8, beside what our count of its compute gives. */
export interface PaperComputePoint {
  readonly model: string;
  readonly imageSize: number;
  readonly textTokens: number;
  /** Multiply-accumulates as read from the figure, and by {@linkcode paperCompute}. */
  readonly printed: number;
  readonly compute: number;
  /** Fraction. */
  readonly accuracy: number;
}

/** Paper 1, figure 8: accuracy against compute, 18 points. */
export function paperComputePoints(): PaperComputePoint[] {
  return PAPER_TABLES.compute.points.map((
    { model, imageSize, textTokens, compute1e11, accuracy },
  ) => ({
    model,
    imageSize,
    textTokens,
    printed: 1e20 * compute1e11,
    compute: computeOf(
      model,
      (imageSize / paperSpec(model).image.patch) ** 2,
      textTokens,
      imageSize < 224,
    ),
    accuracy: fraction(accuracy),
  }));
}

/** Parameters of both towers, paper 1, table 4. */
export function totalParameters(model: string): number {
  const row = PAPER_TABLES.modelSizes.rows.find((each) => each.model === model);
  if (row === undefined) throw new RangeError(`model "${model}" is not in paper 1, table 4`);
  return 1e6 * Number(row.total);
}

/** On the axis of figure 8: 2.56e9 pairs, then 0.128e9 at full length unless it was full anyway. */
function computeOf(model: string, patches: number, textTokens: number, tuned: boolean): number {
  const { pretrainSamples, tuneSamples } = PAPER_TABLES.compute.setting;
  const spec = paperSpec(model);
  const full = (224 / spec.image.patch) ** 2;
  const stages: ComputeStage[] = [{ samples: Number(pretrainSamples), patches, textTokens }];
  if (tuned) stages.push({ samples: Number(tuneSamples), patches: full, textTokens: FULL_TEXT });
  return paperCompute(spec, stages);
}

function textCell(row: { strategy: string; textTokens: number }, imageTokens: number) {
  return {
    imageStrategy: "resize",
    imageTokens,
    fullImageTokens: FULL_IMAGE,
    textStrategy: row.strategy,
    textTokens: row.textTokens,
    fullTextTokens: FULL_TEXT,
  };
}

function stagesOf(scores: Readonly<Record<string, { pre: number | null; ft: number | null }>>) {
  return Object.entries(scores).flatMap(([model, { pre, ft }]) =>
    [{ tuned: false, percent: pre }, { tuned: true, percent: ft }].flatMap(({ tuned, percent }) =>
      percent === null ? [] : [{ model, tuned, percent }]
    )
  );
}

/** Percent to a fraction, without the noise of a division: 56.7 → 0.567. */
function fraction(percent: number): number {
  return Number((percent / 100).toPrecision(12));
}
