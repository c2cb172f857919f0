import { hitRate } from "./hit_rate.ts";
import { standardError } from "./standard_error.ts";

/** How many pictures found their class; shares are from 0 to 1. */
export interface Accuracy {
  /** Share of the pictures whose class scores higher than every other. */
  top1: number;
  /** Share of the pictures whose class is among the first five. */
  top5: number;
  /** Pictures. */
  n: number;
  /** Standard error of `top1`, pictures taken as independent. */
  se: number;
}

/** Accuracy from the number of classes ahead of each picture's own; see {@link worstRanks}. */
export function accuracyOf(ranks: ArrayLike<number>): Accuracy {
  const top1 = hitRate(ranks, 1);
  return { top1, top5: hitRate(ranks, 5), n: ranks.length, se: standardError(top1, ranks.length) };
}

/** The same for each group of pictures, groups in name order. */
export function accuracyByGroup(
  ranks: Int32Array,
  groups: readonly string[],
): Record<string, Accuracy> {
  const members = new Map<string, number[]>();
  groups.forEach((group, i) => {
    const list = members.get(group);
    if (list === undefined) members.set(group, [ranks[i]]);
    else list.push(ranks[i]);
  });
  const sorted = [...members].sort(([a], [b]) => a < b ? -1 : 1);
  return Object.fromEntries(sorted.map(([group, list]) => [group, accuracyOf(list)]));
}
