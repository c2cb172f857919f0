import { mix32 } from "../data/loader/permutation.ts";
import type { Records } from "../data/records/records.ts";
import type { PairsBench } from "../eval/bench.ts";

/** Pairs of a group: chance is 1 of 256, the loss of chance ln 256 = 5.55. */
const GROUP = 256;
/** Most groups: enough for a standard error near 0.01 of a recall, in seconds. */
const MOST_GROUPS = 16;

/** Benchmarks of pairs that no file lists: what is measured and on which split. */
export const PAIR_BENCHES: Readonly<Record<string, Pick<PairsBench, "split" | "measure">>> = {
  // On the validation families, so that a learning rate may be chosen by it.
  "heldout-loss": { split: "val", measure: "loss" },
  "retrieval-256": { split: "test", measure: "recall" },
};

/**
 * Groups of pairs of a split: its pictures with their names, chosen by hash, all names different.
 *
 * @throws {RangeError} when the split has not as many names as a group has pairs.
 */
export function pairBench(name: string, records: Records, group: number = GROUP): PairsBench {
  const phrases = new Set<number>();
  const chosen = Array.from({ length: records.count }, (_, row) => row)
    .sort((a, b) => mix32(a) - mix32(b) || a - b)
    .filter((row) => {
      const phrase = records.phrase[row];
      return !phrases.has(phrase) && phrases.add(phrase);
    });
  const groups = Math.min(MOST_GROUPS, Math.floor(chosen.length / group));
  const { split, measure } = PAIR_BENCHES[name];
  if (groups < 1) {
    throw new RangeError(
      `${name}: the ${split} split has ${chosen.length} names; ${group} are needed; ` +
        "build the whole data set, or leave this benchmark out",
    );
  }
  const rows = chosen.slice(0, groups * group);
  const captions = rows.map((row) => records.phraseOf(row));
  return { kind: "pairs", name, split, measure, rows, captions, group };
}
