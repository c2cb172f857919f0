import { type ResultRow, resultRows } from "../eval/result_rows.ts";
import { evaluateBenches } from "./evaluate_benches.ts";
import { openEncoder } from "./open_encoder.ts";
import { recipeBenches } from "./recipe_benches.ts";
import type { RunProgress } from "./run_experiment.ts";
import { readRunRecipe } from "./run_folder.ts";
import type { DataSet } from "./shard_data_set.ts";

/** Options of {@linkcode evaluateRun}. */
export interface EvaluateRunOptions {
  /** Benchmarks by name; empty means those of the recipe. */
  readonly benches: readonly string[];
  readonly device: string;
  readonly dataSet: DataSet;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: RunProgress) => void;
}

/** Evaluates the newest checkpoint of a run, finished or not. */
export async function evaluateRun(dir: string, options: EvaluateRunOptions): Promise<ResultRow[]> {
  const { benches, device, dataSet, signal, onProgress } = options;
  const names = benches.length > 0 ? benches : recipeBenches(readRunRecipe(dir));
  using encoder = await openEncoder({ kind: "run", dir }, { device });
  const found = await evaluateBenches(encoder, dataSet, names, {
    signal,
    onProgress: (label, done, total) => onProgress({ label, done, total }),
  });
  return found.flatMap(resultRows);
}
