import type { Recipe } from "../../config/recipe.ts";
import type { EvalResult } from "../../eval/eval_result.ts";
import {
  type ExperimentResult,
  runExperiment,
  type RunProgress,
  type StartingPoint,
} from "../../run/run_experiment.ts";
import { recipeHash } from "../../run/run_folder.ts";
import type { DataSet } from "../../run/shard_data_set.ts";

/** One piece of work of a sweep; plain data, so that another process can do it. */
export interface CellJob {
  readonly recipe: Recipe;
  /** Folder of the run. */
  readonly out: string;
  readonly dataSet: DataSet;
  readonly start?: StartingPoint;
}

/** What a job needs besides its description. */
export interface JobOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: RunProgress) => void;
}

/** A run as its `result.json` tells it. */
export interface FinishedRun extends ExperimentResult {
  /** SHA-256 of the recipe. */
  readonly recipe: string;
  readonly results: readonly EvalResult[];
}

/** Does the work, here and now, unless an earlier sweep has done it. */
export async function runJob(job: CellJob, options: JobOptions): Promise<void> {
  if (finishedRun(job) !== null) return;
  await runExperiment(job.recipe, {
    out: job.out,
    resume: false,
    dataSet: job.dataSet,
    start: job.start,
    setupSeconds: 0,
    ...options,
  });
  // Weights and result stay; the optimizer's state is of no more use.
  Deno.removeSync(`${job.out}/checkpoints`, { recursive: true });
}

/** The result of a job that has ended well; null when it has not. */
export function finishedRun({ out, recipe }: Pick<CellJob, "out" | "recipe">): FinishedRun | null {
  let text: string;
  try {
    text = Deno.readTextFileSync(`${out}/result.json`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  const run = JSON.parse(text) as FinishedRun;
  return run.recipe === recipeHash(recipe) ? run : null;
}
