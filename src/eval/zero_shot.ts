import { countRows } from "./check_rows.ts";
import { hitRate } from "./hit_rate.ts";
import { standardError } from "./standard_error.ts";
import { worstRanks } from "./worst_ranks.ts";

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

/** Accuracy of zero-shot classification. */
export interface ZeroShotScores extends Accuracy {
  classes: number;
  /** [classes] Pictures of each class that were right, for a bootstrap over classes. */
  classHits?: number[];
  /** [classes] Pictures of each class. */
  classSizes?: number[];
  /** The same for each group of pictures, if groups were given. */
  perGroup?: Record<string, Accuracy>;
  /** [n] Other classes that score at least as high as the right one. */
  ranks: Int32Array;
}

/** Pictures and classes in one feature space. */
export interface ZeroShotInput {
  /** [n, width] */
  images: Float32Array;
  /** [classes, width] */
  classes: Float32Array;
  width: number;
  /** [n] Index of each picture's class. */
  labels: ArrayLike<number>;
  /** [n] Name of each picture's group, such as its designer. */
  groups?: readonly string[];
}

/**
 * Classify pictures by the class embedding with the highest dot product. Ties count as wrong.
 *
 * @throws {TypeError} when shapes do not fit; {RangeError} when a label is not a class.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { zeroShot } from "./zero_shot.ts";
 *
 * const scores = zeroShot({
 *   images: Float32Array.of(1, 0, 0, 1),
 *   classes: Float32Array.of(1, 0, 0, 1),
 *   width: 2,
 *   labels: [0, 0],
 * });
 * assert.equal(scores.top1, 0.5);
 * ```
 */
export function zeroShot(
  { images, classes, width, labels, groups }: ZeroShotInput,
): ZeroShotScores {
  const ranks = worstRanks(images, classes, width, labels);
  if (groups !== undefined && groups.length !== ranks.length) {
    throw new TypeError(
      `groups: seen ${groups.length} names; allowed: one for each of ${ranks.length} pictures`,
    );
  }
  const count = countRows("classes", classes, width);
  const classHits = new Array<number>(count).fill(0);
  const classSizes = new Array<number>(count).fill(0);
  ranks.forEach((rank, i) => {
    classSizes[labels[i]]++;
    if (rank === 0) classHits[labels[i]]++;
  });
  return {
    ...accuracy(ranks),
    classes: count,
    classHits,
    classSizes,
    ...(groups && { perGroup: accuracyByGroup(ranks, groups) }),
    ranks,
  };
}

function accuracy(ranks: ArrayLike<number>): Accuracy {
  const top1 = hitRate(ranks, 1);
  return { top1, top5: hitRate(ranks, 5), n: ranks.length, se: standardError(top1, ranks.length) };
}

function accuracyByGroup(
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
  return Object.fromEntries(sorted.map(([group, list]) => [group, accuracy(list)]));
}
