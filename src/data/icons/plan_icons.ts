import { type BenchCandidate, benchCandidates } from "./bench_candidates.ts";
import { breathe } from "./breathe.ts";
import { chooseConcepts, type Concepts } from "./concepts.ts";
import { excludedBecause } from "./exclusion.ts";
import { hashText } from "./hash_text.ts";
import { createWordFilter, HELD_OUT, type Split } from "./held_out.ts";
import { createCaptioner, type IconCaption } from "./icon_captions.ts";
import type { IconPackages } from "./icon_packages.ts";
import { countSkip, type IconRow, rowsOfSet, type Skipped } from "./icon_rows.ts";
import { type IconSetInfo, listIconSets, readIconSet } from "./icon_sets.ts";
import { createTagger } from "./tags.ts";
import { loadWordNet } from "./wordnet.ts";

/** Everything about the data set that is known before a picture is drawn. */
export interface IconPlan {
  /** Rows of each split in the order of the shards: by a hash of their keys. */
  rows: Record<Split, IconRow[]>;
  /** Sets that are kept. */
  sets: IconSetInfo[];
  /** Designer families, alphabetical. */
  families: string[];
  concepts: Concepts;
  benches: BenchCandidate[];
  captionsOf: (row: IconRow) => IconCaption[];
  /** Sets and icons left out, by reason. */
  skippedSets: Skipped;
  skippedIcons: Skipped;
}

/** What {@link planIcons} works with. */
export interface PlanOptions {
  packages: IconPackages;
  /** Training rows to keep: a slice by hash, the same on every machine. Default all. */
  limit?: number;
  /** Keeps the SVG text of a row and says where it lies. */
  store: (svg: string) => { at: number; bytes: number };
  /** Called before each set is read. */
  onSet?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/**
 * Read the packages and decide which pictures make up the data set, with which captions, in which
 * split and benchmark. A pure function of the packages and the limit.
 */
export async function planIcons(options: PlanOptions): Promise<IconPlan> {
  const { packages, limit = Infinity } = options;
  const skippedSets: Skipped = {}, skippedIcons: Skipped = {};
  const kept: IconSetInfo[] = [];
  for (const set of listIconSets(packages.iconify)) {
    const reason = excludedBecause(set);
    if (reason === undefined) kept.push(set);
    else countSkip(skippedSets, reason);
  }
  const all: IconRow[] = [];
  for (const [done, set] of kept.entries()) {
    options.onSet?.(done, kept.length);
    await breathe(options.signal);
    const source = readIconSet(packages.iconify, set);
    // One by one: a spread of 30,000 arguments is close to the stack's limit.
    for (const row of rowsOfSet(source, skippedIcons, options.store)) all.push(row);
  }

  const wordnet = loadWordNet(packages.wordnet);
  const concepts = chooseConcepts(all, wordnet);
  const saysHeldOut = createWordFilter(HELD_OUT.unseenWords);
  const speakable = all.filter((row) => row.split === "test" || !saysHeldOut(row.phrase));
  countSkip(skippedIcons, "name says a held-out word", all.length - speakable.length);

  const benches = benchCandidates(speakable, concepts);
  const rows = splitRows(speakable, benches, limit);
  return {
    rows,
    sets: kept,
    families: [...new Set(all.map((row) => row.family))].sort(),
    concepts,
    benches,
    captionsOf: createCaptioner({ wordnet, tagsOf: createTagger(speakable), saysHeldOut }),
    skippedSets,
    skippedIcons,
  };
}

/** A slice keeps the first training rows by hash, and of the other splits what a benchmark shows. */
function splitRows(
  rows: readonly IconRow[],
  benches: readonly BenchCandidate[],
  limit: number,
): Record<Split, IconRow[]> {
  const order = new Map(rows.map((row) => [row, hashText(row.key)]));
  const sorted = [...rows].sort((a, b) =>
    order.get(a)! - order.get(b)! || (a.key < b.key ? -1 : 1)
  );
  const ofSplit = (split: Split) => sorted.filter((row) => row.split === split);
  if (!Number.isFinite(limit)) {
    return { train: ofSplit("train"), val: ofSplit("val"), test: ofSplit("test") };
  }
  const shown = new Set(benches.flatMap((bench) => bench.rows));
  return {
    train: ofSplit("train").slice(0, limit),
    val: ofSplit("val").filter((row) => shown.has(row)),
    test: ofSplit("test").filter((row) => shown.has(row)),
  };
}
