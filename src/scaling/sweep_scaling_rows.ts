import { parseRecipe } from "../config/parse_recipe.ts";
import type { Recipe } from "../config/recipe.ts";
import type { ScalingRow } from "./scaling_row.ts";
import type { DoneRow, SweepRow } from "./sweep/sweep_row.ts";

/** Which numbers of a sweep are wanted. */
export interface SweepSelection {
  /** Benchmark, such as `icons-100`. */
  readonly bench: string;
  /** A metric that is a fraction; default `top1`. */
  readonly metric?: string;
  /** Caption list, where a retrieval benchmark has several. */
  readonly captions?: string;
  /**
   * The stage whose tokens are looked at: `first`, the pre-training with few tokens, or `last`, for
   * masks during tuning. Default `first`.
   */
  readonly stage?: "first" | "last";
  /** Name of the rows; default the sweep's. */
  readonly source?: string;
}

/**
 * Finished cells of a sweep as rows of the result table. Of several rows of a cell the newest counts;
 * failed cells are left out. Full length is the whole picture and the caption length of the last stage,
 * and the model's name is the label of the axis `tower`, else its preset.
 *
 * @throws {RangeError} when a cell lacks the benchmark or metric (lists what it has), when the metric is
 * no fraction, or when a recipe in a row is not allowed.
 *
 * @example
 * ```ts
 * import { readResults } from "./sweep/results_file.ts";
 * import { sweepScalingRows } from "./sweep_scaling_rows.ts";
 * import { tokenDrops } from "./token_drops.ts";
 *
 * const { rows } = readResults("notebooks/results/none.jsonl"); // an absent file has no rows
 * const drops = tokenDrops(sweepScalingRows(rows, { bench: "icons-100" }), { axis: "image" });
 * ```
 */
export function sweepScalingRows(
  rows: readonly SweepRow[],
  selection: SweepSelection,
): ScalingRow[] {
  const newest = new Map(rows.map((row) => [row.cell, row]));
  return [...newest.values()]
    .filter((row): row is DoneRow => row.status === "done")
    .map((row) => scalingRow(row, selection));
}

function scalingRow(row: DoneRow, selection: SweepSelection): ScalingRow {
  const { bench, metric = "top1", stage = "first", source = `sweep ${row.sweep}` } = selection;
  const recipe = parseRecipe(row.recipe, `of cell ${row.cell}`);
  const found = metricOf(row, selection);
  const hits = metric === "top1" ? row.classHits[bench] : undefined;
  return {
    source,
    model: row.labels.tower ?? recipe.model.preset ?? `width ${recipe.model.image.width}`,
    parameters: row.parameters.total,
    ...tokenFields(recipe, stage),
    tuned: true,
    seed: row.seed,
    metric: `${bench}.${metric}`,
    value: found.value,
    se: found.se,
    n: found.n,
    classHits: hits?.hits ?? null,
    classSizes: hits?.sizes ?? null,
    compute: row.macs,
  };
}

function tokenFields({ model, stages }: Recipe, stage: "first" | "last") {
  const last = stages[stages.length - 1];
  const { image, text } = stage === "first" ? stages[0] : last;
  const classToken = model.image.classToken ? 1 : 0;
  const fullPatches = (last.image.size / model.image.patch) ** 2;
  return {
    imageStrategy: image.tokens === fullPatches ? "none" : image.strategy,
    imageTokens: image.tokens + classToken,
    fullImageTokens: fullPatches + classToken,
    textStrategy: text.strategy,
    textTokens: text.tokens,
    fullTextTokens: last.text.tokens,
  };
}

function metricOf(row: DoneRow, { bench, metric = "top1", captions }: SweepSelection) {
  const found = row.metrics.filter((each) =>
    each.bench === bench && each.metric === metric &&
    (captions === undefined || each.captions === captions)
  );
  const wanted = `${bench}.${metric}${captions === undefined ? "" : ` on captions ${captions}`}`;
  if (found.length !== 1) {
    const names = row.metrics.map((each) =>
      `${each.bench}.${each.metric}${
        each.captions === undefined ? "" : ` (captions ${each.captions})`
      }`
    );
    throw new RangeError(
      `cell ${row.cell} of sweep ${row.sweep}: ${wanted} is there ${found.length} times; allowed: one of ` +
        names.join(", "),
    );
  }
  const [{ value }] = found;
  if (!(value >= 0 && value <= 1)) {
    throw new RangeError(
      `cell ${row.cell} of sweep ${row.sweep}: ${wanted} is ${value}; allowed: a fraction from 0 to 1; a loss ` +
        "has no drop in points",
    );
  }
  return found[0];
}
