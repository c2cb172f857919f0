import type { BenchCandidate } from "./bench_candidates.ts";
import type { IconBenchmark } from "./benchmark.ts";
import type { IconCaption } from "./icon_captions.ts";
import type { IconRow } from "./icon_rows.ts";

/** What is known of the rows once they are drawn. */
export interface DrawnRows {
  /** Row of the split's record file, or `undefined` when the picture could not be drawn. */
  numberOf: (row: IconRow) => number | undefined;
  isNearCopy: (row: IconRow) => boolean;
  captionsOf: (row: IconRow) => IconCaption[];
}

/** Give a benchmark its row numbers; drop what was not drawn and what looks like a training picture. */
export function finishBench(candidate: BenchCandidate, drawn: DrawnRows): IconBenchmark {
  const { name, about, split } = candidate;
  const there = candidate.rows.filter((row) => drawn.numberOf(row) !== undefined);
  const kept = there.filter((row) => !drawn.isNearCopy(row));
  const nearCopiesDropped = there.length - kept.length;
  if (candidate.kind === "classification") {
    const index = new Map(candidate.classes.map((phrase, i) => [phrase, i]));
    return {
      name,
      kind: "classification",
      about,
      split,
      classes: candidate.classes,
      rows: kept.map((row) => drawn.numberOf(row)!),
      labels: kept.map((row) => index.get(row.phrase)!),
      nearCopiesDropped,
    };
  }
  const rows: number[] = [], names: string[] = [], long: string[] = [];
  const said = new Set<string>();
  for (const row of kept) {
    if (rows.length === candidate.atMost) break;
    const captions = drawn.captionsOf(row);
    const richest = captions[captions.length - 1].text;
    if (said.has(row.phrase) || said.has(richest)) continue;
    said.add(row.phrase).add(richest);
    rows.push(drawn.numberOf(row)!);
    names.push(row.phrase);
    long.push(richest);
  }
  const captions = { name: names, long };
  return { name, kind: "retrieval", about, split, rows, captions, nearCopiesDropped };
}
