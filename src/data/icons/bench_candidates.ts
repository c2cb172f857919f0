import type { Concepts } from "./concepts.ts";
import { hashText } from "./hash_text.ts";
import { HELD_OUT } from "./held_out.ts";
import type { IconRow } from "./icon_rows.ts";

/** A benchmark before near-copies are dropped and rows have numbers. */
export interface BenchCandidate {
  name: string;
  kind: "classification" | "retrieval";
  about: string;
  split: "test" | "val";
  /** Empty for retrieval. */
  classes: string[];
  rows: IconRow[];
  /** Most rows that the benchmark keeps. */
  atMost: number;
}

/** Pairs of a retrieval benchmark. */
const RETRIEVAL_PAIRS = 1000;
/** Spare candidates, so that near-copies can be dropped without falling below the 1,000. */
const RETRIEVAL_SPARE = 1400;

/** All benchmarks of the data set. */
export function benchCandidates(rows: readonly IconRow[], concepts: Concepts): BenchCandidate[] {
  const pairs = plainestRows(rows);
  const plain = pairs.flatMap(({ first, second }) => (second ? [first, second] : [first]));
  const { test, shift } = HELD_OUT;
  const setsOf = (list: readonly string[]) => plain.filter((row) => list.includes(row.set.id));
  const zeroShot = (
    name: string,
    about: string,
    from: readonly IconRow[],
    classes = concepts.classes,
  ): BenchCandidate => {
    const known = new Set(classes);
    const kept = from.filter((row) => known.has(row.phrase));
    const split = name.startsWith("val-") ? "val" : "test";
    return { name, kind: "classification", about, split, classes, rows: kept, atMost: Infinity };
  };
  const icons = setsOf(test["icons-592"]), emoji = setsOf(test["emoji-vendor"]);
  const unseen = [...icons, ...emoji];
  return [
    zeroShot("icons-592", "icons by held-out designers", icons),
    zeroShot("emoji-vendor", "emoji by held-out vendors", emoji),
    zeroShot("unseen-60", "concepts that no training text says", unseen, concepts.unseen),
    zeroShot("val-592", "as icons-592, for tuning", plain.filter((row) => row.split === "val")),
    ...Object.entries(shift).map(([name, { about, sets }]) => zeroShot(name, about, setsOf(sets))),
    ...["ph", "twemoji", "carbon"].map((set) => retrieval(set, pairs.map(({ first }) => first))),
  ];
}

function retrieval(set: string, rows: readonly IconRow[]): BenchCandidate {
  const drawn = rows.filter((row) => row.set.id === set).sort((a, b) =>
    hashText(a.key, 3) - hashText(b.key, 3)
  );
  return {
    name: `retrieval-${set}`,
    kind: "retrieval",
    about: `${RETRIEVAL_PAIRS} pictures of ${set} and their captions`,
    split: "test",
    classes: [],
    rows: drawn.slice(0, RETRIEVAL_SPARE),
    atMost: RETRIEVAL_PAIRS,
  };
}

/**
 * Two pictures at most of each phrase in each set: the plainest (fewest style words, then the
 * shortest name) and one drawn in another way, filled if there is such. More would be the same
 * drawing in another weight, and a set of six weights would outvote the others.
 */
function plainestRows(rows: readonly IconRow[]): { first: IconRow; second?: IconRow }[] {
  const groups = new Map<string, IconRow[]>();
  for (const row of rows) {
    if (row.split === "train") continue;
    const place = `${row.set.id}|${row.phrase}`;
    const group = groups.get(place);
    if (group) group.push(row);
    else groups.set(place, [row]);
  }
  const pairs = [...groups.values()].map((group) => {
    const [first, ...others] = group.sort(byPlainness);
    return { first, second: others.find(isFilled) ?? others[0] };
  });
  return pairs.sort((a, b) => (a.first.key < b.first.key ? -1 : 1));
}

function byPlainness(a: IconRow, b: IconRow): number {
  const by = a.style.length - b.style.length || a.name.length - b.name.length;
  return by || (a.name < b.name ? -1 : 1);
}

function isFilled(row: IconRow): boolean {
  return row.style.some((word) => /^(fill|filled|solid)$/.test(word));
}
