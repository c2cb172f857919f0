import { resolve } from "node:path";
import type { SkippedReason } from "../../data/bake/skipped_samples.ts";
import type { ClassAccuracy } from "../../eval/paper/bench_result.ts";
import { benchRows } from "../../eval/paper/bench_rows.ts";
import { classifySource } from "../../eval/paper/classify_source.ts";
import {
  comparePublished,
  type PublishedComparison,
  publishedModel,
  publishedValues,
} from "../../eval/paper/compare_published.ts";
import { PartialStore } from "../../eval/paper/partial_store.ts";
import { retrieveSource } from "../../eval/paper/retrieve_source.ts";
import type { EvalEncoder } from "../../eval/eval_encoder.ts";
import type { ResultRow } from "../../eval/result_rows.ts";
import type { EncoderSource } from "../open_encoder.ts";
import type { RunProgress } from "../run_experiment.ts";
import { sourceIdentity } from "../source_identity.ts";
import type { DataTask } from "./data_task.ts";
import { openData } from "./open_data.ts";

/** What an evaluation of a benchmark's files reports. */
export interface DataReport {
  /** For a reader, where anything is worth a line. */
  readonly notes?: readonly string[];
  readonly results: ResultRow[];
  readonly skipped: readonly SkippedReason[];
  readonly perClass?: readonly ClassAccuracy[];
  /** Names of classes without a picture. */
  readonly absent?: readonly string[];
  readonly expected?: PublishedComparison;
}

/** What {@linkcode measureData} is told of its caller. */
export interface MeasureDataOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: RunProgress) => void;
}

/**
 * Opens a benchmark's files, and gives a function that measures a model on them. What can be wrong with
 * lists, names and layouts is found before a model is loaded. Finished parts are kept on disk until the
 * end, so that the same call goes on after a stop.
 *
 * @param model Where the encoder comes from: part of what the kept numbers depend on.
 */
export function measureData(
  task: DataTask,
  model: EncoderSource,
  { signal, onProgress }: MeasureDataOptions,
): (encoder: EvalEncoder) => Promise<DataReport> {
  const published = task.expected === undefined ? null : publishedModel(task.expected);
  const data = openData(task);
  if (published !== null) publishedValues(published, data.bench);
  return async (encoder) => {
    const { engine, provider, graph, filter } = encoder;
    // The benchmark's name is no part of it: the same pictures under another name go on.
    const store = new PartialStore(`${task.cacheDir}/eval`, {
      version: 1,
      model: sourceIdentity(model),
      engine: [engine, provider, graph ?? null],
      data: resolve(task.data),
      fit: task.fit,
      filter: task.filter ?? filter,
      split: task.split,
      ...(data.kind === "classification"
        ? {
          classes: data.classes,
          templates: data.prompts.templates,
          names: data.classes.map(data.prompts.nameOf),
        }
        : { captions: true }),
    });
    if (task.fresh) store.clear();
    let shown = -1;
    const options = {
      bench: data.bench,
      split: task.split,
      fit: task.fit,
      filter: task.filter,
      store,
      signal,
      onPrompts: (done: number, total: number) => onProgress({ label: "prompts", done, total }),
      onRanked: (done: number, total: number) => onProgress({ label: "ranks", done, total }),
      onProgress(done: number, total: number, before: number) {
        // A part's end repeats its last batch.
        if (done === shown) return;
        shown = done;
        const note = before > 0 ? { note: `${before} from before` } : {};
        onProgress({ label: data.bench, done, total, ...note });
      },
    };
    const result = data.kind === "classification"
      ? await classifySource(encoder, data.source, data.classes, data.prompts, options)
      : await retrieveSource(encoder, data.source, options);
    store.clear();
    const { fault } = store;
    return {
      ...(fault !== null && { notes: [`finished parts could not be kept: ${fault}`] }),
      results: benchRows(result),
      skipped: result.skipped,
      ...(result.perClass && { perClass: result.perClass, absent: result.absent }),
      ...(published && { expected: comparePublished(result, published) }),
    };
  };
}
