import type { EvalResult } from "../eval/eval_result.ts";
import type { ClipModel } from "../model/clip_model.ts";
import type { ParameterCopy } from "../tensor/parameter_store.ts";
import type { CaptionTokenizer } from "../text/caption_tokenizer.ts";
import { evaluateBenches, type EvaluateBenchesOptions } from "./evaluate_benches.ts";
import { nativeEncoder } from "./native_encoder.ts";
import { expandBenches } from "./open_bench.ts";
import type { DataSet } from "./shard_data_set.ts";

/** Options of {@linkcode evaluateIcons}. */
export interface EvaluateIconsOptions extends EvaluateBenchesOptions {
  /** Which copy of the weights. */
  readonly weights: ParameterCopy;
}

/**
 * Runs benchmarks of the icon set on a model in memory.
 *
 * @param benches Names, such as `icons-592` or `retrieval-ph`.
 * @throws {RangeError} for a name that the data set does not have.
 */
export async function evaluateIcons(
  model: ClipModel,
  set: DataSet,
  tokenizer: CaptionTokenizer,
  benches: readonly string[],
  options: EvaluateIconsOptions,
): Promise<EvalResult[]> {
  using encoder = nativeEncoder(model, tokenizer, options.weights);
  return await evaluateBenches(encoder, set, benches, options);
}

/** Throws a RangeError that lists the benchmarks unless the data set has all of these. */
export function checkBenches(set: DataSet, benches: readonly string[]): void {
  expandBenches(set, benches);
}
