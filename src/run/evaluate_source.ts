import { basename, dirname } from "node:path";
import type { SkippedReason } from "../data/bake/skipped_samples.ts";
import type { Fit } from "../data/images/square_picture.ts";
import { findShards } from "../data/shards/find_shards.ts";
import type { EvalEncoder } from "../eval/eval_encoder.ts";
import { classifyShards, retrieveShards } from "../eval/evaluate_shards.ts";
import { probeRows } from "../eval/probe/probe_result.ts";
import type { ClassAccuracy } from "../eval/paper/bench_result.ts";
import type { PublishedComparison } from "../eval/paper/compare_published.ts";
import { readClassNames, readTemplates } from "../eval/read_text_list.ts";
import { type ResultRow, resultRows } from "../eval/result_rows.ts";
import { evaluateBenches } from "./evaluate_benches.ts";
import { expandBenches } from "./open_bench.ts";
import { openBestEncoder } from "./open_best_encoder.ts";
import type { EncoderSource, OpenEncoderOptions } from "./open_encoder.ts";
import type { DataTask } from "./paper/data_task.ts";
import { measureData } from "./paper/evaluate_data.ts";
import { probeBench } from "./probe_bench.ts";
import type { RunProgress } from "./run_experiment.ts";
import type { DataSet } from "./shard_data_set.ts";

/** The data set of a benchmark; the same object for all that it has. Asked when the model is open. */
export type DataSetOf = (bench: string) => Promise<DataSet>;

/** What an evaluation measures. */
export type EvalTask =
  /** Benchmarks of a data set; a name may end in `*`. */
  | {
    readonly kind: "benches";
    readonly names: readonly string[];
    readonly dataSet: DataSetOf;
  }
  /** Linear probes on benchmarks of a data set. */
  | {
    readonly kind: "probe";
    readonly names: readonly string[];
    /** Most training pictures of a class; null takes all. */
    readonly shots: number | null;
    readonly dataSet: DataSetOf;
  }
  | ShardTask
  | DataTask;

/** An evaluation on webdataset shards of the user's own. */
export interface ShardTask {
  readonly kind: "shards";
  /** A path or glob of tars. */
  readonly shards: string;
  /** Name in the results; none means one made from the path. */
  readonly bench?: string;
  /** How pictures become square. */
  readonly fit: Fit;
  /** Files of class names and prompts for zero-shot classification; null measures retrieval. */
  readonly prompts: { readonly classes: string; readonly templates: string } | null;
}

/** Options of {@linkcode evaluateSource}. */
export interface EvaluateSourceOptions extends OpenEncoderOptions {
  readonly task: EvalTask;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: RunProgress) => void;
}

/** What `deno task eval` reports. */
export interface EvalReport {
  readonly engine: EvalEncoder["engine"];
  readonly provider: string;
  /** ONNX Runtime only: which graphs ran, and how near they are to the library's forward pass. */
  readonly graph?: EvalEncoder["graph"];
  readonly parity?: EvalEncoder["parity"];
  /** For a reader: why this engine and this provider. */
  readonly notes: readonly string[];
  readonly results: ResultRow[];
  /** Samples left out, by reason; for shards and files only. */
  readonly skipped?: readonly SkippedReason[];
  /** Accuracy of each class; for a benchmark's files only. */
  readonly perClass?: readonly ClassAccuracy[];
  /** Names of classes that have no picture; for a benchmark's files only. */
  readonly absent?: readonly string[];
  /** Published numbers beside ours, where they were asked for. */
  readonly expected?: PublishedComparison;
}

/**
 * Evaluates a run or a model on benchmarks of a data set or on shards, with ONNX Runtime unless another
 * engine is asked for or its runtime does not work here.
 */
export async function evaluateSource(
  source: EncoderSource,
  options: EvaluateSourceOptions,
): Promise<EvalReport> {
  const { task } = options;
  // Wrong lists and globs are found before a model is loaded.
  const measure = task.kind === "shards"
    ? measureShards(task, options)
    : task.kind === "data"
    ? measureData(task, source, options)
    : task.kind === "probe"
    ? (encoder: EvalEncoder) => measureProbes(encoder, task, options)
    : (encoder: EvalEncoder) => measureBenches(encoder, task, options);
  const { encoder: opened, notes } = await openBestEncoder(source, options);
  using encoder = opened;
  const { engine, provider, graph, parity } = encoder;
  const report = { engine, provider, ...(graph && { graph }), ...(parity && { parity }), notes };
  const measured: Partial<EvalReport> & Pick<EvalReport, "results"> = await measure(encoder);
  return { ...report, ...measured, notes: [...notes, ...measured.notes ?? []] };
}

async function measureBenches(
  encoder: EvalEncoder,
  task: EvalTask & { kind: "benches" },
  { signal, onProgress }: EvaluateSourceOptions,
) {
  const results: ResultRow[] = [];
  for (const [set, names] of await namesBySet(task)) {
    const found = await evaluateBenches(encoder, set, names, {
      signal,
      onProgress: (label, done, total) => onProgress({ label, done, total }),
    });
    results.push(...found.flatMap(resultRows));
  }
  return { results };
}

async function measureProbes(
  encoder: EvalEncoder,
  task: EvalTask & { kind: "probe" },
  { signal, onProgress }: EvaluateSourceOptions,
) {
  const results: ResultRow[] = [];
  for (const [set, names] of await namesBySet(task)) {
    for (const name of expandBenches(set, names)) {
      const result = await probeBench(encoder, set, name, {
        shots: task.shots,
        signal,
        onProgress: (label, done, total) => onProgress({ label, done, total }),
      });
      results.push(...probeRows(result));
    }
  }
  return { results };
}

async function namesBySet({ names, dataSet }: { names: readonly string[]; dataSet: DataSetOf }) {
  const sets = new Map<DataSet, string[]>();
  for (const name of names) {
    const set = await dataSet(name);
    sets.set(set, [...sets.get(set) ?? [], name]);
  }
  return sets;
}

function measureShards(task: ShardTask, { signal, onProgress }: EvaluateSourceOptions) {
  const { prompts, fit } = task;
  const shards = findShards(task.shards, "--shards");
  const classes = prompts && readClassNames(prompts.classes);
  const templates = prompts && readTemplates(prompts.templates);
  const bench = task.bench ?? nameOfShards(task.shards);
  return async (encoder: EvalEncoder) => {
    const options = {
      bench,
      shards,
      dataSet: task.shards,
      fit,
      signal,
      // How many pictures there are is not known before the last one is read.
      onProgress: (pictures: number, done: number) =>
        onProgress({ label: bench, done, total: shards.length, note: `${pictures} pictures` }),
    };
    const { result, skipped } = classes && templates
      ? await classifyShards(encoder, classes, templates, options)
      : await retrieveShards(encoder, options);
    return { results: resultRows(result), skipped };
  };
}

/** A name for results: the files' common name without numbers and wildcards, else their folder's. */
export function nameOfShards(pattern: string): string {
  const plain = (name: string) =>
    name.replace(/\.tar$/, "").replace(/[^A-Za-z0-9]*[{[*?].*$/, "").replace(/[-_.]?\d+$/, "")
      .replace(/^\.+$/, "");
  return plain(basename(pattern)) || plain(basename(dirname(pattern))) || "shards";
}
