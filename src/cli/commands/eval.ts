import type { Command, ParsedArguments } from "../command.ts";
import { type EvalRow, evalRowsCsv, formatEvalRows } from "../format_eval_rows.ts";
import { createProgressBar, type Progress } from "../progress_bar.ts";
import { UsageError } from "../usage_error.ts";

/** What is evaluated: a run's newest checkpoint, or an exported model. */
export type EvalSource = { kind: "run"; dir: string } | { kind: "model"; dir: string };

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
  device: string;
  signal: AbortSignal;
  onProgress(progress: Progress): void;
}

/** What an evaluation gives. */
export interface EvalReport {
  engine: string;
  provider: string;
  results: EvalRow[];
  /** Samples left out, by reason. */
  skipped?: readonly { reason: string; count: number; examples: readonly string[] }[];
}

/** What the command asks of the rest of the project. */
export interface EvalParts {
  evaluate(source: EvalSource, options: EvalOptions): Promise<EvalReport>;
  /** Writes a page of pictures with the run's guesses. */
  writeSheet(
    run: string,
    path: string,
    options: Omit<EvalOptions, "task"> & { bench?: string },
  ): Promise<void>;
  /** Writes a text file whole or not at all. */
  writeFile(path: string, text: string): Promise<void>;
}

/** `deno task eval`: measures a trained run on named benchmarks or on the user's own shards. */
export function evalCommand(parts: EvalParts): Command {
  return {
    name: "eval",
    summary: "Evaluate a trained run on benchmarks or on your own shards",
    options: {
      run: { kind: "value", value: "DIR", help: "Folder of the run, for example runs/quick" },
      bench: {
        kind: "values",
        value: "NAME",
        help: "Benchmark, or shift-* for all that begin so; none means those of the recipe; " +
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
      device: { kind: "value", help: "cpu or cuda:<index>; none means CLIPA_DEVICE, else cpu" },
    },
    async run({ arguments: args, env, signal }) {
      const source = sourceOf(args);
      const task = taskOf(args);
      const options = {
        device: args.value("device") ?? env("CLIPA_DEVICE") ?? "cpu",
        signal,
        onProgress: createProgressBar(),
      };
      const report = await parts.evaluate(source, { ...options, task });
      const { engine, provider, results, skipped } = report;
      const json = { engine, provider, results, ...(skipped && { skipped }) };
      for (const { reason, count, examples } of skipped ?? []) {
        console.error(`left out: ${count} × ${reason}; first: ${examples[0]}`);
      }
      const csv = args.value("csv"), out = args.value("out"), sheet = args.value("sheet");
      if (csv !== undefined) await parts.writeFile(csv, evalRowsCsv(results));
      if (out !== undefined) await parts.writeFile(out, `${JSON.stringify(json)}\n`);
      if (sheet !== undefined) {
        await parts.writeSheet(source.dir, sheet, { ...options, bench: args.values("bench")[0] });
      }
      return { json, text: formatEvalRows(results) };
    },
  };
}

function sourceOf(args: ParsedArguments): EvalSource {
  const run = args.value("run");
  if (run === undefined) {
    throw new UsageError("--run is missing; give the folder of a run: --run runs/quick");
  }
  return { kind: "run", dir: run };
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
