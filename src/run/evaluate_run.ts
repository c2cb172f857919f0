import { loadCheckpoint } from "../checkpoint/checkpoint_store.ts";
import type { IconSet } from "../data/icons/icon_set.ts";
import { type ResultRow, resultRows } from "../eval/result_rows.ts";
import { ClipModel } from "../model/clip_model.ts";
import { NativeContext } from "../native/context.ts";
import { loadTokenizer } from "../text/tokenizer_file.ts";
import { evaluateIcons } from "./evaluate_icons.ts";
import { readRunRecipe } from "./run_folder.ts";
import { restoreArrays, type RunState } from "./run_state.ts";
import type { RunProgress } from "./run_experiment.ts";

/** Options of {@linkcode evaluateRun}. */
export interface EvaluateRunOptions {
  /** Benchmarks by name; empty means those of the recipe. */
  readonly benches: readonly string[];
  readonly device: string;
  readonly dataSet: IconSet;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: RunProgress) => void;
}

/** Evaluates the newest checkpoint of a run, finished or not. */
export async function evaluateRun(dir: string, options: EvaluateRunOptions): Promise<ResultRow[]> {
  if (options.device !== "cpu") {
    throw new RangeError(`device ${options.device} is not in this build; allowed: cpu`);
  }
  const recipe = readRunRecipe(dir);
  const checkpoint = loadCheckpoint<RunState>(`${dir}/checkpoints`);
  if (!checkpoint) throw new Error(`${dir} has no checkpoint yet; train it further`);
  const stage = recipe.stages[checkpoint.state.stage];
  using context = new NativeContext();
  using model = new ClipModel(context, {
    spec: recipe.model,
    imageSize: stage.image.size,
    textTokens: stage.text.tokens,
  });
  restoreArrays(model, checkpoint);
  const benches = options.benches.length > 0 ? options.benches : [
    ...recipe.eval.benches,
    ...recipe.eval.retrieval.map((family) => `retrieval-${family}`),
  ];
  const tokenizer = loadTokenizer(`${dir}/tokenizer.json`);
  const found = await evaluateIcons(model, options.dataSet, tokenizer, benches, {
    weights: recipe.optimizer.averaging === null ? "value" : "average",
    signal: options.signal,
    onProgress: (label, done, total) => options.onProgress({ label, done, total }),
  });
  return found.flatMap(resultRows);
}
