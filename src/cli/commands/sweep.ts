import type { Command } from "../command.ts";
import { createLiveLines } from "../live_lines.ts";
import { createProgressBar, type Progress } from "../progress_bar.ts";
import { UsageError } from "../usage_error.ts";

/** What a sweep is asked for. */
export interface SweepRequest {
  /** Name of a sweep or a path. */
  file: string;
  /** Results file; the default follows from the sweep's name. */
  results?: string;
  resume: boolean;
  only?: string;
  parallel: number;
  retryFailed: boolean;
  /** Shows the plan only. */
  dryRun: boolean;
}

/** What the command asks of the rest of the project. */
export interface SweepParts {
  runSweep(
    request: SweepRequest,
    options: {
      root: string;
      config: string;
      signal: AbortSignal;
      /** Shows lines once. */
      print(lines: readonly string[]): void;
      /** Shows lines in place of those shown before. */
      show(lines: readonly string[], last: boolean): void;
      onProgress(progress: Progress): void;
    },
  ): Promise<{ cells: number; done: number; failed: number; results: string }>;
}

/** `deno task sweep`: many recipes in one file → one row of results each. */
export function sweepCommand(parts: SweepParts): Command {
  return {
    name: "sweep",
    summary: "Run all cells of a sweep that have no result yet",
    positional: {
      name: "file",
      default: "law",
      help: "Name of a sweep in src/config/recipes/sweeps, or a path that ends in .yaml",
    },
    options: {
      resume: { kind: "flag", help: "Insist that there are results to go on from" },
      only: {
        kind: "value",
        value: "CELL",
        help: "Only this cell: its id, its label or how labels begin",
      },
      parallel: {
        kind: "value",
        value: "N",
        default: "1",
        help: "Cells at a time; with more than one each has one CPU thread",
      },
      "retry-failed": { kind: "flag", help: "Run cells again that failed before" },
      "dry-run": { kind: "flag", help: "Show the plan and its predicted cost, and run nothing" },
      results: {
        kind: "value",
        value: "FILE",
        help: "File of the rows; none means notebooks/results/<sweep>.jsonl of the project",
      },
    },
    async run({ arguments: args, env, root, signal }) {
      const parallel = Number(args.value("parallel"));
      if (!Number.isInteger(parallel) || parallel < 1 || parallel > 256) {
        throw new UsageError(`--parallel: seen "${args.value("parallel")}"; allowed: 1 to 256`);
      }
      const live = createLiveLines();
      const outcome = await parts.runSweep({
        file: args.positionals[0],
        results: args.value("results"),
        resume: args.flag("resume"),
        only: args.value("only"),
        parallel,
        retryFailed: args.flag("retry-failed"),
        dryRun: args.flag("dry-run"),
      }, {
        root,
        config: env("CLIPA_DENO_CONFIG") ?? `${root}/deno.json`,
        signal,
        print: (lines) => lines.forEach((line) => console.error(line)),
        show: live,
        onProgress: createProgressBar(),
      });
      const { cells, done, failed, results } = outcome;
      return {
        code: failed === 0 ? 0 : 1,
        json: outcome,
        text: `${results}: ${done} of ${cells} cells done, ${failed} failed`,
      };
    },
  };
}
