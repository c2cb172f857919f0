import type { DataSet } from "./shard_data_set.ts";
import { type ResultRow, resultRows } from "../eval/result_rows.ts";
import { NativeContext } from "../native/context.ts";
import { evaluateIcons } from "./evaluate_icons.ts";
import { openRun } from "./open_run.ts";
import type { RunProgress } from "./run_experiment.ts";

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
  if (options.device !== "cpu") {
    throw new RangeError(`device ${options.device} is not in this build; allowed: cpu`);
  }
  using context = new NativeContext();
  using run = openRun(dir, context);
  const { recipe, model, tokenizer, weights } = run;
  const benches = options.benches.length > 0 ? options.benches : [
    ...recipe.eval.benches,
    ...recipe.eval.retrieval.map((family) => `retrieval-${family}`),
  ];
  const found = await evaluateIcons(model, options.dataSet, tokenizer, benches, {
    weights,
    signal: options.signal,
    onProgress: (label, done, total) => options.onProgress({ label, done, total }),
  });
  return found.flatMap(resultRows);
}
