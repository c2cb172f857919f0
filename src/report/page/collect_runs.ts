import { globSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { type MetricsLine, readMetrics } from "../../train/metrics_log.ts";
import { readResults } from "../../scaling/sweep/results_file.ts";
import type { SweepRow } from "../../scaling/sweep/sweep_row.ts";

/** A score of a run, as `result.json` has it; fractions. */
export interface ReportedScore {
  readonly bench: string;
  readonly top1: number;
  readonly se: number;
  readonly top5: number;
  readonly n: number;
  readonly classes: number;
}

/** A finished run. */
export interface ReportedRun {
  readonly name: string;
  readonly samples: number;
  /** Training only. */
  readonly seconds: number;
  readonly scores: readonly ReportedScore[];
  readonly lines: readonly MetricsLine[];
}

/** A results file of a sweep. */
export interface ReportedSweep {
  readonly name: string;
  readonly rows: readonly SweepRow[];
}

/** What a report is made of. */
export interface Collected {
  readonly runs: readonly ReportedRun[];
  readonly sweeps: readonly ReportedSweep[];
  /** Files that could not be read, each with its reason. */
  readonly problems: readonly string[];
}

/**
 * Reads what globs name: `result.json` of runs, with the metrics beside it, and `.jsonl` rows of sweeps.
 * A damaged file is reported and left out; the others are still worth reading.
 *
 * @param globs Relative to `root`.
 * @throws {RangeError} when a glob names a file of another kind.
 */
export function collectRuns(globs: readonly string[], root: string): Collected {
  const runs: ReportedRun[] = [];
  const sweeps: ReportedSweep[] = [];
  const problems: string[] = [];
  const paths = globs.flatMap((glob) =>
    globSync(glob, { cwd: root }).map((path) => resolve(root, path))
  );
  for (const path of [...new Set(paths)].sort()) {
    const kind = path.endsWith(".jsonl")
      ? "sweep"
      : basename(path) === "result.json"
      ? "run"
      : null;
    if (kind === null) {
      throw new RangeError(
        `--results: seen ${path}; allowed: result.json of a run and .jsonl rows of a sweep`,
      );
    }
    try {
      if (kind === "run") runs.push(readRun(path));
      else sweeps.push({ name: basename(path, ".jsonl"), rows: readResults(path).rows });
    } catch (error) {
      problems.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { runs, sweeps, problems };
}

function readRun(path: string): ReportedRun {
  const result = JSON.parse(Deno.readTextFileSync(path));
  const { samples, seconds, eval: scores } = result ?? {};
  if (!Number.isFinite(samples) || !Number.isFinite(seconds) || typeof scores !== "object") {
    throw new SyntaxError("samples, seconds or eval is missing; evaluate or train the run again");
  }
  return {
    name: basename(dirname(path)),
    samples,
    seconds,
    scores: Object.entries(scores ?? {}).map(([bench, score]) => readScore(bench, score)),
    lines: readMetrics(join(dirname(path), "metrics.jsonl")),
  };
}

function readScore(bench: string, score: unknown): ReportedScore {
  const found = score as Record<string, number>;
  const [top1, se, top5, n, classes] = ["top1", "se", "top5", "n", "classes"].map((key) => {
    if (!Number.isFinite(found?.[key])) {
      throw new SyntaxError(`eval.${bench}.${key} is no number; evaluate the run again`);
    }
    return found[key];
  });
  return { bench, top1, se, top5, n, classes };
}
