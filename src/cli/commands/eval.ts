import type { Command, ParsedArguments } from "../command.ts";
import { type EvalTask, readEvalTask, TASK_OPTIONS } from "../eval_task.ts";
import { type ClassRow, formatClasses } from "../format_classes.ts";
import { type EvalRow, evalRowsCsv, formatEvalRows } from "../format_eval_rows.ts";
import { formatPublished, type PublishedNumbers } from "../format_published.ts";
import { MODEL_OPTIONS, type ModelSource, readModelOptions } from "../model_options.ts";
import { checkFolder } from "../output_file.ts";
import { createProgressBar, type Progress } from "../progress_bar.ts";
import { UsageError } from "../usage_error.ts";

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
  /** Classes of a benchmark's files. */
  perClass?: readonly ClassRow[];
  /** Names of classes that have no picture. */
  absent?: readonly string[];
  /** Published numbers beside ours. */
  expected?: PublishedNumbers;
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
      ...TASK_OPTIONS,
      "per-class": { kind: "flag", help: "With --data: also print a table of the classes" },
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
      if (args.flag("per-class") && args.value("data") === undefined) {
        throw new UsageError("--per-class: seen without --data; allowed: with --data");
      }
      const graph = graphOf(args, engine);
      const task = readEvalTask(args);
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
      const { results, skipped, perClass, absent = [], expected } = report;
      for (const note of notes) console.error(note);
      for (const { reason, count, examples } of skipped ?? []) {
        console.error(`left out: ${count} × ${reason}; first: ${examples[0]}`);
      }
      if (absent.length > 0) {
        const named = absent.slice(0, 10).join("; ") + (absent.length > 10 ? "; …" : "");
        console.error(
          `no picture of ${absent.length} classes, which count as wrong answers only: ${named}`,
        );
      }
      if (csv !== undefined) await parts.writeFile(csv, evalRowsCsv(results));
      if (out !== undefined) await parts.writeFile(out, `${JSON.stringify(json)}\n`);
      if (sheet !== undefined) {
        await parts.writeSheet(source.dir, sheet, { ...options, bench: args.values("bench")[0] });
      }
      const text = [
        formatEvalRows(results),
        ...(perClass && args.flag("per-class") ? [formatClasses(perClass)] : []),
        ...(expected ? [formatPublished(expected)] : []),
      ].join("\n");
      return { json, text };
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
