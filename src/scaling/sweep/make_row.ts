import { stageSteps } from "../../config/stage_numbers.ts";
import type { Recipe } from "../../config/recipe.ts";
import type { EvalResult } from "../../eval/eval_result.ts";
import { resultRows } from "../../eval/result_rows.ts";
import { pairMacs, parameterCounts } from "../../model/model_cost.ts";
import type { FinishedRun } from "./cell_job.ts";
import type { SweepCell } from "./sweep_cell.ts";
import type { DoneRow, RowOrigin, SweepRow } from "./sweep_row.ts";

/** What a row says besides what the run found. */
export interface RowContext {
  readonly sweep: string;
  readonly cell: SweepCell;
  readonly origin: RowOrigin;
  /** Key of shared stages, if any. */
  readonly shared: string | null;
}

/** The row of a cell that has ended well. */
export function doneRow(context: RowContext, run: FinishedRun): DoneRow {
  const { recipe } = context.cell;
  const full = recipe.stages.at(-1)!;
  return {
    ...head(context),
    status: "done",
    recipeHash: run.recipe,
    recipe: JSON.parse(JSON.stringify(recipe)),
    seed: recipe.seed,
    parameters: parameterCounts(recipe.model, full.image.size, full.text.tokens),
    macs: trainingMacs(recipe),
    stages: run.stages.map(({ name, samples, seconds, loss }) => ({
      name,
      samples,
      seconds,
      loss,
    })),
    shared: context.shared,
    seconds: run.seconds,
    metrics: run.results.flatMap(metrics),
    classHits: Object.fromEntries(run.results.flatMap(hits)),
  };
}

/** The row of a cell that has failed. */
export function failedRow(context: RowContext, error: unknown): SweepRow {
  const reason = error instanceof Error ? error.message : String(error);
  return { ...head(context), status: "failed", reason: reason || "no reason was given" };
}

/** Multiply-accumulates of the linear layers in the forward passes of a whole training. */
export function trainingMacs({ model, stages }: Recipe): number {
  return stages.reduce((sum, stage) => {
    const tokens = { patches: stage.image.tokens, text: stage.text.tokens };
    return sum + stageSteps(stage) * stage.batch * pairMacs(model, tokens);
  }, 0);
}

function head({ sweep, cell, origin }: RowContext) {
  const ended = new Date().toISOString();
  return { cell: cell.id, sweep, labels: { ...cell.labels }, ...origin, ended };
}

function metrics(result: EvalResult): DoneRow["metrics"] {
  return resultRows(result).filter(({ group }) => group === undefined).map((row) => ({
    bench: row.bench,
    metric: row.metric,
    value: row.value,
    se: Number.isFinite(row.se) ? row.se : null,
    n: row.n,
    classes: row.classes,
    split: row.split,
    resolution: row.resolution,
    textTokens: row.textTokens,
    truncatedPrompts: row.truncatedPrompts,
    ...(row.captions !== undefined && { captions: row.captions }),
  }));
}

function hits(result: EvalResult): [string, { hits: number[]; sizes: number[] }][] {
  if (result.kind !== "zero-shot" || !result.classHits || !result.classSizes) return [];
  return [[result.bench, { hits: result.classHits, sizes: result.classSizes }]];
}
