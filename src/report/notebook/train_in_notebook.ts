import type { Recipe } from "../../config/recipe.ts";
import { type ExperimentResult, runExperiment } from "../../run/run_experiment.ts";
import type { DataSet } from "../../run/shard_data_set.ts";
import { readMetrics } from "../../train/metrics_log.ts";
import { interruptible } from "./interrupt.ts";
import { liveCurve } from "./live_curve.ts";
import { progress } from "./progress.ts";

/** Options of {@linkcode trainInNotebook}. */
export interface TrainInNotebookOptions {
  /** Folder of the run. An unfinished run of the same recipe in it goes on. */
  readonly out: string;
  readonly dataSet: DataSet;
  /** `cpu`, `cuda` or `cuda:<index>`; default `CLIPA_DEVICE`, else `cpu`. */
  readonly device?: string;
}

const LOOK_MS = 700;

/**
 * Trains and evaluates a recipe below a cell: a bar, a curve of the loss that grows, and the result.
 * The interrupt button stops it within a step and leaves a run that goes on when the cell runs again.
 *
 * @throws {DOMException} AbortError when it was interrupted.
 */
export async function trainInNotebook(
  recipe: Recipe,
  { out, dataSet, device }: TrainInNotebookOptions,
): Promise<ExperimentResult> {
  const bar = progress();
  const curve = liveCurve(recipe.name);
  let lookedMs = performance.now();
  const look = () => curve.replace(readMetrics(`${out}/metrics.jsonl`));
  try {
    return await interruptible((signal) =>
      runExperiment(recipe, {
        out,
        dataSet,
        resume: false,
        device,
        setupSeconds: 0,
        signal,
        onProgress: (state) => {
          bar.show(state);
          if (performance.now() - lookedMs < LOOK_MS) return;
          lookedMs = performance.now();
          look();
        },
      })
    );
  } finally {
    look();
    await bar.finish();
    await curve.finish();
  }
}
