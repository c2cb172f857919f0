import { dirname } from "node:path";
import { writeWhole } from "../../checkpoint/safetensors.ts";
import { collectRuns } from "./collect_runs.ts";
import { pageFigures } from "./page_figures.ts";
import { reportPage } from "./report_page.ts";

/** Options of {@linkcode writeReport}. */
export interface WriteReportOptions {
  /** `result.json` files of runs and `.jsonl` rows of sweeps, relative to `root`. */
  readonly results: readonly string[];
  readonly root: string;
  /** File to write. */
  readonly out: string;
  /** Whether it is an error when the globs name no file: the user gave them. */
  readonly mustFind?: boolean;
}

/** What a report holds. */
export interface WrittenReport {
  readonly file: string;
  /** Addresses of the figures within the page. */
  readonly figures: string[];
  readonly runs: number;
  /** Files that were left out, with the reason. */
  readonly problems: readonly string[];
}

/**
 * Writes a report of runs and sweeps as one HTML file.
 *
 * @throws {RangeError} when a glob names a file of another kind, or `mustFind` and nothing is found.
 */
export function writeReport(
  { results, root, out, mustFind = false }: WriteReportOptions,
): WrittenReport {
  const collected = collectRuns(results, root);
  if (mustFind && Object.values(collected).every(({ length }) => length === 0)) {
    throw new RangeError(
      `--results ${
        results.join(" ")
      }: no file was found there; name result.json files of runs or ` +
        ".jsonl files of sweeps",
    );
  }
  const figures = pageFigures(collected);
  Deno.mkdirSync(dirname(out), { recursive: true });
  writeWhole(out, [new TextEncoder().encode(reportPage(collected, figures))]);
  return {
    file: out,
    figures: figures.map(({ id }) => id),
    runs: collected.runs.length,
    problems: collected.problems,
  };
}
