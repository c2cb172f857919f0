import type { Command } from "../command.ts";

/** What the command asks of the rest of the project. */
export interface ReportParts {
  writeReport(options: {
    results: string[];
    root: string;
    out: string;
    mustFind: boolean;
  }): Promise<{
    file: string;
    figures: string[];
    runs: number;
    problems: readonly string[];
  }>;
}

/** What is reported when nothing is named. */
const DEFAULT_RESULTS = ["runs/*/result.json", "notebooks/results/*.jsonl"];

/** `deno task report`: one HTML page of runs and figures. */
export function reportCommand(parts: ReportParts): Command {
  return {
    name: "report",
    summary: "Write one self-contained HTML page of runs and figures",
    options: {
      results: {
        kind: "values",
        value: "GLOB",
        help: `result.json of runs and .jsonl of sweeps; none means ${
          DEFAULT_RESULTS.join(" and ")
        }`,
      },
      out: { kind: "value", value: "FILE", default: "report/index.html", help: "File to write" },
    },
    async run({ arguments: args }) {
      const named = args.values("results");
      const { file, figures, runs, problems } = await parts.writeReport({
        results: named.length === 0 ? DEFAULT_RESULTS : named,
        root: Deno.cwd(),
        out: args.value("out")!,
        mustFind: named.length > 0,
      });
      for (const problem of problems) console.error(`left out  ${problem}`);
      return {
        json: { file, figures, runs, problems },
        text: `${file}: ${runs} runs, ${figures.length} figures`,
      };
    },
  };
}
