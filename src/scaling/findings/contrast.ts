import type { Interval } from "../fit/quantile.ts";
import { noiseInterval } from "../fit/noise_interval.ts";
import { randomIndex } from "../fit/random_index.ts";
import { logit } from "../token_drops.ts";
import type { CellScore } from "./cell_scores.ts";

/** How a score is read: as it is, in points of a fraction, or as the logarithm of its odds. */
export type ScoreScale = "value" | "points" | "logit";

/** The seeds of one cell, times a weight. */
export interface ContrastTerm {
  readonly weight: number;
  readonly scores: readonly CellScore[];
}

/** A weighted sum of cells with what it rests on. */
export interface Contrast extends Interval {
  /** Fewest seeds of a cell in it. */
  readonly seeds: number;
  /**
   * Standard error by the seeds, and by the pictures of the test: from a bootstrap over classes, else
   * from the standard errors of the runs as if each had pictures of its own, else 0.
   */
  readonly seedError: number;
  readonly imageError: number;
  readonly freedom: number;
}

/** Options of {@linkcode contrast}. */
export interface ContrastOptions {
  readonly scale: ScoreScale;
  /** Cells over which the variance between seeds is pooled; a cell of one seed adds nothing. */
  readonly pool: readonly (readonly CellScore[])[];
  /** Default 0.95. */
  readonly level?: number;
  /** Resamples of the classes; default 1000. */
  readonly draws?: number;
}

/**
 * A weighted sum of the mean scores of cells, such as drop(small) - drop(large), with an interval.
 *
 * Two or four seeds tell little of their own spread, so its variance is pooled over all cells of a sweep.
 * The noise of the test pictures is that of drawing classes with replacement, the same for all runs,
 * where classes are known; both variances are added. Seeds are not paired here, which makes the interval wider than needed where
 * runs of one seed go together.
 *
 * @throws {RangeError} when a term has no run, or no cell of the pool has two seeds.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import type { CellScore } from "./cell_scores.ts";
 * import { contrast } from "./contrast.ts";
 *
 * const cell = (...values: number[]): CellScore[] =>
 *   values.map((value, seed) => ({ labels: {}, seed, value, se: null, hits: null, sizes: null, macs: 1 }));
 * const [long, short] = [cell(0.50, 0.52), cell(0.40, 0.42)];
 * const drop = contrast([{ weight: 1, scores: long }, { weight: -1, scores: short }], {
 *   scale: "points",
 *   pool: [long, short],
 * });
 * assert.equal(drop.value.toFixed(6), "10.000000");
 * assert.ok(drop.low > 0); // 10 points, and seeds differ by about one
 * ```
 */
export function contrast(terms: readonly ContrastTerm[], options: ContrastOptions): Contrast {
  const { scale, pool, level = 0.95, draws = 1000 } = options;
  if (terms.some(({ scores }) => scores.length === 0)) {
    throw new RangeError("a cell of the comparison has no run; allowed: at least one seed of each");
  }
  const read = (score: CellScore) => toScale(score.value, scale);
  const value = terms.reduce(
    (sum, { weight, scores }) => sum + weight * mean(scores.map(read)),
    0,
  );
  const { variance, freedom: seedFreedom } = pooledVariance(pool.map((cell) => cell.map(read)));
  const seedVariance = terms.reduce(
    (sum, { weight, scores }) => sum + weight ** 2 * variance / scores.length,
    0,
  );
  const image = imageVariance(terms, scale, draws);
  const seeds = { variance: seedVariance, freedom: seedFreedom };
  const { half, freedom } = noiseInterval(seeds, image, level);
  return {
    value,
    low: value - half,
    high: value + half,
    seeds: Math.min(...terms.map(({ scores }) => scores.length)),
    seedError: Math.sqrt(seedVariance),
    imageError: Math.sqrt(image.variance),
    freedom,
  };
}

function toScale(value: number, scale: ScoreScale): number {
  if (scale === "value") return value;
  return scale === "points" ? 100 * value : logit(value);
}

function pooledVariance(cells: readonly (readonly number[])[]) {
  let sum = 0, freedom = 0;
  for (const cell of cells) {
    const middle = mean(cell);
    sum += cell.reduce((total, value) => total + (value - middle) ** 2, 0);
    freedom += Math.max(0, cell.length - 1);
  }
  if (freedom === 0) {
    throw new RangeError(
      "no cell has two seeds; allowed: at least one, else no interval can be given",
    );
  }
  return { variance: sum / freedom, freedom };
}

// Variance of the whole sum when the classes are drawn anew, the same ones for all runs.
function imageVariance(terms: readonly ContrastTerm[], scale: ScoreScale, draws: number) {
  const runs = terms.flatMap(({ scores }) => scores);
  const sizes = runs[0].sizes;
  const known = sizes !== null && sizes.length > 1 &&
    runs.every((run) => run.hits !== null && run.sizes?.join() === sizes.join());
  if (!known) return { variance: ownVariance(terms, scale), freedom: Infinity };
  const classes = sizes.length;
  const found: number[] = [];
  for (let draw = 0; draw < draws; draw++) {
    const picked = Array.from({ length: classes }, (_, i) => randomIndex(classes, 0, draw, i));
    const total = picked.reduce((sum, index) => sum + sizes[index], 0);
    const read = ({ hits }: CellScore) => {
      const right = picked.reduce((sum, index) => sum + hits![index], 0);
      // Half a hit keeps the logit finite.
      return toScale(Math.min(Math.max(right, 0.5), total - 0.5) / total, scale);
    };
    found.push(
      terms.reduce((sum, { weight, scores }) => sum + weight * mean(scores.map(read)), 0),
    );
  }
  const middle = mean(found);
  const variance = found.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (draws - 1);
  return { variance, freedom: classes - 1 };
}

// As if the pictures of each run were its own: on shared pictures the truth is smaller.
function ownVariance(terms: readonly ContrastTerm[], scale: ScoreScale): number {
  const slope = (value: number) =>
    scale === "value" ? 1 : scale === "points" ? 100 : 1 / (value * (1 - value));
  return terms.reduce((sum, { weight, scores }) => {
    const own = scores.map(({ value, se }) => (slope(value) * (se ?? 0)) ** 2);
    return sum + (weight / scores.length) ** 2 * own.reduce((total, each) => total + each, 0);
  }, 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
