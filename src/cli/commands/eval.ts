import type { Command, ParsedArguments } from "../command.ts";
import { type EvalRow, evalRowsCsv, formatEvalRows } from "../format_eval_rows.ts";
import { MODEL_OPTIONS, type ModelSource, readModelOptions } from "../model_options.ts";
import { checkFolder } from "../output_file.ts";
import { createProgressBar, type Progress } from "../progress_bar.ts";
import { UsageError } from "../usage_error.ts";

/** What is measured. */
export type EvalTask =
  /** Benchmarks of the data set by name; none means those of the run's recipe. */
  | { kind: "benches"; names: string[] }
  /** Linear probes; none means on icons-592. */
  | { kind: "probe"; names: string[]; shots: number | null }
  /** Shards of the user's own; without prompts, retrieval. */
  | {
    kind: "shards";
    shards: string;
    bench?: string;
    fit: "squash" | "crop";
    prompts: { classes: string; templates: string } | null;
  };

/** What `evaluate` gets besides the model. */
export interface EvalOptions {
  task: EvalTask;
  /** Undefined: CUDA where ONNX Runtime loads it, else the CPU. */
  device: string | undefined;
  /** Undefined: ONNX Runtime where it works. */
  engine: "ort" | "native" | undefined;
  graph: "fast" | "portable" | undefined;
  signal: AbortSignal;
  onProgress(progress: Progress): void;
}

/** What an evaluation gives. */
export interface EvalReport {
  engine: string;
  provider: string;
  graph?: string;
  parity?: { readonly cosineMin: number; readonly maxAbs: number };
  /** Lines about engine and provider for the user. */
  notes: readonly string[];
  results: EvalRow[];
  /** Samples left out, by reason. */
  skipped?: readonly { reason: string; count: number; examples: readonly string[] }[];
}

/** What the command asks of the rest of the project. */
export interface EvalParts {
  evaluate(source: ModelSource, options: EvalOptions): Promise<EvalReport>;
  /** Writes a page of pictures with the run's guesses. */
  writeSheet(
    run: string,
    path: string,
    options: Pick<EvalOptions, "signal" | "onProgress"> & { bench?: string },
  ): Promise<void>;
  /** Writes a text file whole or not at all. */
  writeFile(path: string, text: string): Promise<void>;
}

/** `deno task eval`: measures a run or an exported model on named benchmarks or on the user's own shards. */
export function evalCommand(parts: EvalParts): Command {
  return {
    name: "eval",
    summary: "Evaluate a run or an exported model on benchmarks or on your own shards",
    options: {
      ...MODEL_OPTIONS,
      engine: {
        kind: "value",
        value: "NAME",
        help: "ort (ONNX Runtime) or native; none means ort where it works",
      },
      graph: {
        kind: "value",
        value: "FORM",
        help: "fast or portable graphs of ONNX Runtime; none means fast where the model has them",
      },
      bench: {
        kind: "values",
        value: "NAME",
        help:
          "Benchmark, or shift-* for all that begin so; none means those of the run's recipe, " +
          "for a model icons-592; " +
          "with --shards the name of the results",
      },
      shards: { kind: "value", value: "GLOB", help: "Webdataset tars of your own, quoted" },
      classes: { kind: "value", value: "FILE", help: "With --shards: JSON list of class names" },
      templates: {
        kind: "value",
        value: "FILE",
        help: "With --classes: JSON list of prompts with one {} each",
      },
      retrieval: { kind: "flag", help: "With --shards: retrieval of the captions in key.txt" },
      probe: {
        kind: "flag",
        help: "Linear probe on frozen embeddings instead of zero-shot, on --bench, else icons-592",
      },
      shots: {
        kind: "value",
        value: "K",
        help: "With --probe: at most K training pictures of each class; none means all",
      },
      fit: {
        kind: "value",
        default: "squash",
        help: "With --shards: how pictures become square, squash or crop",
      },
      sheet: {
        kind: "value",
        value: "FILE",
        help: "Also write a page of pictures with the run's guesses, as SVG",
      },
      csv: { kind: "value", value: "FILE", help: "Also write the results as CSV" },
      out: { kind: "value", value: "FILE", help: "Also write what --json prints to a file" },
      device: {
        kind: "value",
        help: "cpu or cuda:<index>; none means CLIPA_DEVICE, else CUDA where it loads, else cpu",
      },
    },
    async run({ arguments: args, env, signal }) {
      const { source, engine } = readModelOptions(args, env);
      const graph = graphOf(args, engine);
      const task = taskOf(args);
      const csv = args.value("csv"), out = args.value("out"), sheet = args.value("sheet");
      for (const [option, path] of Object.entries({ csv, out, sheet })) {
        if (path !== undefined) checkFolder(`--${option}`, path);
      }
      if (sheet !== undefined && source.kind === "model") {
        throw new UsageError("--sheet: seen with --model; allowed: with --run");
      }
      const device = args.value("device") ?? env("CLIPA_DEVICE");
      const options = { signal, onProgress: createProgressBar() };
      const report = await parts.evaluate(source, { ...options, device, engine, graph, task });
      const { notes, ...json } = report;
      const { results, skipped } = report;
      for (const note of notes) console.error(note);
      for (const { reason, count, examples } of skipped ?? []) {
        console.error(`left out: ${count} × ${reason}; first: ${examples[0]}`);
      }
      if (csv !== undefined) await parts.writeFile(csv, evalRowsCsv(results));
      if (out !== undefined) await parts.writeFile(out, `${JSON.stringify(json)}\n`);
      if (sheet !== undefined) {
        await parts.writeSheet(source.dir, sheet, { ...options, bench: args.values("bench")[0] });
      }
      return { json, text: formatEvalRows(results) };
    },
  };
}

function graphOf(args: ParsedArguments, engine: "ort" | "native" | undefined) {
  const graph = args.value("graph");
  if (graph === undefined) return undefined;
  if (graph !== "fast" && graph !== "portable") {
    throw new UsageError(`--graph: seen "${graph}"; allowed: fast, portable`);
  }
  if (engine === "native") {
    throw new UsageError("--graph: seen with --engine native; allowed: with --engine ort");
  }
  return graph;
}

function taskOf(args: ParsedArguments): EvalTask {
  const [shards, classes, templates] = ["shards", "classes", "templates"].map(args.value);
  const fit = args.value("fit");
  const retrieval = args.flag("retrieval");
  const benches = args.values("bench");
  const probe = args.flag("probe"), shots = args.value("shots");
  if (shots !== undefined && !(probe && /^[1-9]\d{0,8}$/.test(shots))) {
    throw new UsageError(`--shots: seen "${shots}"; allowed: a whole number from 1, with --probe`);
  }
  if (fit !== "squash" && fit !== "crop") {
    throw new UsageError(`--fit: seen "${fit}"; allowed: squash or crop`);
  }
  if (shards === undefined) {
    const stray = retrieval ? "retrieval" : classes ? "classes" : templates ? "templates" : null;
    if (stray !== null) {
      throw new UsageError(`--${stray}: no shards; add --shards 'path/*.tar', quoted`);
    }
    if (!probe) return { kind: "benches", names: benches };
    return { kind: "probe", names: benches, shots: shots === undefined ? null : Number(shots) };
  }
  if (probe) {
    throw new UsageError("--probe: seen with --shards; allowed: benchmarks of the data set");
  }
  if (benches.length > 1) {
    throw new UsageError(`--bench: seen ${benches.length} names; allowed with --shards: one`);
  }
  if (args.value("sheet") !== undefined) {
    throw new UsageError("--sheet: seen with --shards; allowed: benchmarks of the data set");
  }
  const common = { kind: "shards" as const, shards, bench: benches[0], fit } as const;
  if (retrieval) {
    if (classes !== undefined || templates !== undefined) {
      throw new UsageError("--retrieval: seen with --classes or --templates; allowed: one of both");
    }
    return { ...common, prompts: null };
  }
  if (classes === undefined || templates === undefined) {
    throw new UsageError(
      "--shards: what shall be measured? Add --classes FILE and --templates FILE for zero-shot " +
        "classification, or --retrieval",
    );
  }
  return { ...common, prompts: { classes, templates } };
}
