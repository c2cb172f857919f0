import type { Command } from "../command.ts";
import { createProgressBar, type Progress } from "../progress_bar.ts";
import { UsageError } from "../usage_error.ts";

/** One measured number with all that is needed to read it; fractions are 0 to 1. */
export interface EvalRow {
  bench: string;
  split: string;
  metric: string;
  value: number;
  /** Standard error of the value. */
  se: number;
  n: number;
  /** Number of classes; null for retrieval. */
  classes: number | null;
  /** Side of the pictures in pixels. */
  resolution: number;
  textTokens: number;
  /** Share of the prompts that did not fit. */
  truncatedPrompts: number;
}

/** What the command asks of the rest of the project. */
export interface EvalParts {
  /** Evaluates the newest checkpoint of a run. */
  evaluateRun(run: string, options: EvalOptions): Promise<EvalRow[]>;
  /** Writes a page of pictures with the run's guesses. */
  writeSheet(run: string, path: string, options: EvalOptions): Promise<void>;
}

/** What `evaluateRun` gets besides the run's folder. */
export interface EvalOptions {
  /** Benchmarks by name; empty means those of the run's recipe. */
  benches: string[];
  device: string;
  signal: AbortSignal;
  onProgress(progress: Progress): void;
}

/** `deno task eval`: measures a trained run on named benchmarks. */
export function evalCommand(parts: EvalParts): Command {
  return {
    name: "eval",
    summary: "Evaluate a trained run",
    options: {
      run: { kind: "value", value: "DIR", help: "Folder of the run, for example runs/quick" },
      bench: { kind: "values", value: "NAME", help: "Benchmark; none means those of the recipe" },
      sheet: {
        kind: "value",
        value: "FILE",
        help: "Also write a page of pictures with the run's guesses, as SVG",
      },
      device: { kind: "value", help: "cpu or cuda:<index>; none means CLIPA_DEVICE, else cpu" },
    },
    async run({ arguments: args, env, signal }) {
      const run = args.value("run");
      if (run === undefined) {
        throw new UsageError("--run is missing; give the folder of a run: --run runs/quick");
      }
      const options = {
        benches: args.values("bench"),
        device: args.value("device") ?? env("CLIPA_DEVICE") ?? "cpu",
        signal,
        onProgress: createProgressBar(),
      };
      const results = await parts.evaluateRun(run, options);
      const sheet = args.value("sheet");
      if (sheet !== undefined) await parts.writeSheet(run, sheet, options);
      return { json: { engine: "native", provider: "cpu", results }, text: formatRows(results) };
    },
  };
}

function formatRows(rows: readonly EvalRow[]): string {
  return rows.map((row) =>
    `${row.bench}  ${row.metric} ${(100 * row.value).toFixed(2)} % +- ${
      (100 * row.se).toFixed(2)
    } %` +
    `  (${row.split}, n ${row.n}${row.classes === null ? "" : `, ${row.classes} classes`}, ` +
    `${row.resolution} px, ${row.textTokens} text tokens)`
  ).join("\n");
}
