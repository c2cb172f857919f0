import type { DoneRow, SweepRow } from "../sweep/sweep_row.ts";

/** One score of one finished cell of a sweep. */
export interface CellScore {
  /** The cell's labels but for the seed, such as `{ tower: "small", image: "resize-4" }`. */
  readonly labels: Readonly<Record<string, string>>;
  readonly seed: number;
  readonly value: number;
  /** Standard error by the pictures of the test; null where not known. */
  readonly se: number | null;
  /** [classes] Right pictures and pictures of each class; null where they were not recorded. */
  readonly hits: readonly number[] | null;
  readonly sizes: readonly number[] | null;
  /** Multiply-accumulates of the whole training. */
  readonly macs: number;
}

/** Which score of a cell is meant. */
export interface ScoreName {
  readonly bench: string;
  /** Default `top1`. */
  readonly metric?: string;
  /** Caption list, where a retrieval benchmark has several. */
  readonly captions?: string;
}

/**
 * One score of every finished cell; of several rows of a cell the newest counts.
 *
 * @throws {RangeError} when a cell lacks the score; lists what it has.
 *
 * @example
 * ```ts
 * import { readResults } from "../sweep/results_file.ts";
 * import { cellScores } from "./cell_scores.ts";
 *
 * const { rows } = readResults("notebooks/results/none.jsonl"); // an absent file has no rows
 * console.assert(cellScores(rows, { bench: "heldout-loss", metric: "loss" }).length === 0);
 * ```
 */
export function cellScores(rows: readonly SweepRow[], name: ScoreName): CellScore[] {
  const newest = new Map(rows.map((row) => [row.cell, row]));
  return [...newest.values()]
    .filter((row): row is DoneRow => row.status === "done")
    .map((row) => scoreOf(row, name));
}

function scoreOf(row: DoneRow, { bench, metric = "top1", captions }: ScoreName): CellScore {
  const found = row.metrics.find((each) =>
    each.bench === bench && each.metric === metric &&
    (captions === undefined || each.captions === captions)
  );
  if (found === undefined) {
    const names = row.metrics.map((each) => `${each.bench}.${each.metric}`);
    throw new RangeError(
      `cell ${row.cell} of sweep ${row.sweep}: ${bench}.${metric} is missing; allowed: ` +
        [...new Set(names)].join(", "),
    );
  }
  const { seed: _, ...labels } = row.labels;
  const classes = metric === "top1" ? row.classHits[bench] : undefined;
  return {
    labels,
    seed: row.seed,
    value: found.value,
    se: found.se,
    hits: classes?.hits ?? null,
    sizes: classes?.sizes ?? null,
    macs: row.macs,
  };
}
