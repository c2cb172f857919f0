import type { DataSet } from "./shard_data_set.ts";
import { type ResizeFilter, resizeImage } from "../data/images/resize_image.ts";
import { openRecords, type Records } from "../data/records/records.ts";
import type { EvalResult } from "../eval/eval_result.ts";
import { evaluateModel } from "../eval/evaluate.ts";
import { loadBench } from "../eval/load_bench.ts";
import type { ClipModel } from "../model/clip_model.ts";
import { Embedder } from "../model/embedder.ts";
import type { ParameterCopy } from "../tensor/parameter_store.ts";
import { encodeTexts } from "../text/encode_texts.ts";
import type { Tokenizer } from "../text/tokenizer.ts";

/** Options of {@linkcode evaluateIcons}. */
export interface EvaluateIconsOptions {
  /** Which copy of the weights. */
  readonly weights: ParameterCopy;
  readonly signal?: AbortSignal;
  /** Pictures and texts embedded, of all of a benchmark. */
  readonly onProgress?: (bench: string, done: number, total: number) => void;
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
  tokenizer: Tokenizer,
  benches: readonly string[],
  options: EvaluateIconsOptions,
): Promise<EvalResult[]> {
  const { imageSize, textTokens, spec } = model.shape;
  using embedder = new Embedder(model, 64, options.weights);
  const splits = new Map<string, Records>();
  const results: EvalResult[] = [];
  checkBenches(set, benches);
  for (const name of benches) {
    const bench = loadBench(set.benches[name]);
    const records = splits.get(bench.split) ?? openSplit(set, bench.split);
    splits.set(bench.split, records);
    const found = await evaluateModel(
      {
        width: spec.embed,
        resolution: imageSize,
        textTokens,
        embedImages: (rows) =>
          embedder.images(plainPictures(records, rows, imageSize, spec.image.filter)),
        embedTexts: async (texts) => {
          const { ids, truncated } = encodeTexts(tokenizer, texts, textTokens);
          return { features: await embedder.texts(ids), truncated };
        },
      },
      bench,
      {
        groupOf: (row) => records.families[records.family[row]],
        signal: options.signal,
        onProgress: (done, total) => options.onProgress?.(name, done, total),
      },
    );
    results.push(...found);
  }
  return results;
}

/** Throws a RangeError that lists the benchmarks unless the data set has all of these. */
export function checkBenches(set: DataSet, benches: readonly string[]): void {
  for (const name of benches) {
    if (Object.hasOwn(set.benches, name)) continue;
    const names = Object.keys(set.benches).join(", ");
    throw new RangeError(`unknown benchmark "${name}"; allowed: ${names}`);
  }
}

/** Whole pictures of rows at a size, uint8 [rows, size, size, 3], black on white where one-coloured. */
export function plainPictures(
  records: Records,
  rows: readonly number[],
  size: number,
  filter: ResizeFilter,
): Uint8Array {
  const one = size * size * 3;
  const out = new Uint8Array(rows.length * one);
  rows.forEach((row, i) => {
    const channels = records.channels[row] === 1 ? 1 : 3;
    const pixels = new Uint8Array(records.readPixels(row));
    const picture = { width: records.size, height: records.size, channels, pixels } as const;
    const small = resizeImage(picture, size, size, filter).pixels;
    if (channels === 3) out.set(small, i * one);
    else small.forEach((v, p) => out.fill(v, i * one + 3 * p, i * one + 3 * p + 3));
  });
  return out;
}

function openSplit(set: DataSet, split: string): Records {
  const path = { train: set.train, val: set.val, test: set.test }[split];
  if (path === undefined) {
    throw new RangeError(`unknown split "${split}"; allowed: train, val, test`);
  }
  return openRecords(path);
}
