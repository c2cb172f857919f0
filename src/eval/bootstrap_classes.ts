/** What a bootstrap over classes resamples. */
export interface ClassBootstrap {
  /** [n] Whether each picture was right. */
  hits: ArrayLike<boolean | number>;
  /** [n] Class of each picture. */
  labels: ArrayLike<number>;
  /** Resamples. Default 1000. */
  draws?: number;
  /** A number from 0 up to but not including 1, fixed for each pair of arguments. */
  uniform: (draw: number, index: number) => number;
}

/**
 * Standard error of an accuracy when the classes, not only the pictures, are a sample: draws whole
 * classes with replacement and takes the standard deviation of the accuracy. Larger than
 * sqrt(p (1 - p) / n) when some classes are easy and some are hard.
 *
 * @throws {TypeError} when the lengths differ; {RangeError} for fewer than two draws or no picture.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { bootstrapClasses } from "./bootstrap_classes.ts";
 *
 * const uniform = (draw: number, index: number) => ((draw * 7 + index * 3) % 10) / 10;
 * assert.equal(bootstrapClasses({ hits: [1, 1], labels: [0, 1], draws: 10, uniform }), 0);
 * ```
 */
export function bootstrapClasses(
  { hits, labels, draws = 1000, uniform }: ClassBootstrap,
): number {
  if (hits.length !== labels.length) {
    throw new TypeError(
      `labels: seen ${labels.length}; allowed: one for each of ${hits.length} hits`,
    );
  }
  if (hits.length === 0) throw new RangeError("hits: seen none; allowed: at least one picture");
  if (!Number.isInteger(draws) || draws < 2) {
    throw new RangeError(`draws: seen ${draws}; allowed: a whole number from 2`);
  }
  const classes = tally(hits, labels);
  let sum = 0, squares = 0;
  for (let draw = 0; draw < draws; draw++) {
    let right = 0, total = 0;
    for (let i = 0; i < classes.length; i++) {
      const picked = classes[Math.floor(uniform(draw, i) * classes.length)];
      right += picked.right;
      total += picked.total;
    }
    sum += right / total;
    squares += (right / total) ** 2;
  }
  const mean = sum / draws;
  return Math.sqrt(Math.max(0, squares / draws - mean * mean) * draws / (draws - 1));
}

/** Right and all pictures of each class that has any. */
function tally(hits: ArrayLike<boolean | number>, labels: ArrayLike<number>) {
  const classes = new Map<number, { right: number; total: number }>();
  for (let i = 0; i < hits.length; i++) {
    let entry = classes.get(labels[i]);
    if (entry === undefined) classes.set(labels[i], entry = { right: 0, total: 0 });
    entry.right += Number(hits[i]);
    entry.total++;
  }
  return [...classes.values()];
}
