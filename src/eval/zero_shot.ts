import { type Accuracy, accuracyByGroup, accuracyOf } from "./accuracy.ts";
import { countRows } from "./check_rows.ts";
import { worstRanks } from "./worst_ranks.ts";

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
    ...accuracyOf(ranks),
    classes: count,
    classHits,
    classSizes,
    ...(groups && { perGroup: accuracyByGroup(ranks, groups) }),
    ranks,
  };
}
