import { basename } from "node:path";
import type { Records } from "../data/records/records.ts";
import type { EvalEncoder } from "../eval/eval_encoder.ts";
import type { EvalResult } from "../eval/eval_result.ts";
import { evaluateModel } from "../eval/evaluate.ts";
import { benchPictures, expandBenches, openBench } from "./open_bench.ts";
import type { DataSet } from "./shard_data_set.ts";

/** Options of {@linkcode evaluateBenches}. */
export interface EvaluateBenchesOptions {
  readonly signal?: AbortSignal;
  /** Pictures and texts embedded, of all of a benchmark. */
  readonly onProgress?: (bench: string, done: number, total: number) => void;
}

/**
 * Runs benchmarks of a data set on an encoder, whichever engine it is.
 *
 * @param names Such as `icons-592`, `retrieval-ph` or `shift-*`.
 * @throws {RangeError} for a name that the data set does not have.
 */
export async function evaluateBenches(
  encoder: EvalEncoder,
  set: DataSet,
  names: readonly string[],
  options: EvaluateBenchesOptions = {},
): Promise<EvalResult[]> {
  const splits = new Map<string, Records>();
  const results: EvalResult[] = [];
  for (const name of expandBenches(set, names)) {
    const { bench, records, corruption } = await openBench(set, name, {
      splits,
      signal: options.signal,
      onProgress: (done, total) => options.onProgress?.(`choose ${name}`, done, total),
    });
    const { width, resolution, textTokens, logitScale, filter } = encoder;
    const model = {
      logitScale,
      width,
      resolution,
      textTokens,
      embedImages: async (rows: readonly number[]) =>
        await encoder.embedPixels(
          await benchPictures(records, rows, resolution, filter, corruption),
        ),
      embedTexts: (texts: readonly string[]) => encoder.embedTexts(texts),
    };
    results.push(
      ...await evaluateModel(model, bench, {
        dataSet: basename(set.dir),
        groupOf: (row) => records.families[records.family[row]],
        signal: options.signal,
        onProgress: (done, total) => options.onProgress?.(name, done, total),
      }),
    );
  }
  return results;
}
