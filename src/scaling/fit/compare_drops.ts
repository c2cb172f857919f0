import { logit, type TokenDrop } from "../token_drops.ts";
import type { ScalingRow } from "../scaling_row.ts";
import type { Interval } from "./quantile.ts";
import { noiseInterval } from "./noise_interval.ts";
import { randomIndex } from "./random_index.ts";
import { studentT } from "./student_t.ts";

/** Difference of the drops of two models with what it rests on. */
export interface DropComparison extends Interval {
  /** Mean drop of each model, in logit(top-1). */
  readonly small: number;
  readonly large: number;
  /** Seeds of each model. */
  readonly seeds: readonly [small: number, large: number];
  /** Standard error of the difference by the seeds: standard deviation pooled over both models. */
  readonly seedError: number;
  /** Standard error of the difference by the pictures of the test. */
  readonly imageError: number;
  /** How `imageError` was found. */
  readonly imageNoise: "bootstrap over classes" | "standard errors of the rows" | "not known";
  /** Degrees of freedom of the interval (Welch and Satterthwaite). */
  readonly freedom: number;
  /** Interval by the differences of equal seeds alone; null when fewer than two seeds are shared. */
  readonly paired: Interval | null;
}

/** Options of {@linkcode compareDrops}. */
export interface CompareOptions {
  /** Default 0.95. */
  readonly level?: number;
  /** Resamples of the classes. Default 1000. */
  readonly draws?: number;
  readonly seed?: number;
}

/**
 * The question of the inverse law at one length: does the small model lose more than the large one?
 * drop(small) - drop(large) in logit(top-1), which is fair to models far from 50 %.
 *
 * The seeds of a cell and of its full-length run are paired, so a drop is one number for each seed.
 * Their variance is pooled over both models (four seeds tell little of it on their own), the noise of
 * the test pictures is found by drawing classes with replacement, the same ones for all runs, and both
 * variances are added: seeds differ on one fixed set of pictures, so neither contains the other.
 *
 * @param small Drops of the small model at one length, one for each seed.
 * @param large Drops of the large model at the same length.
 * @throws {RangeError} for fewer than two seeds of a model, drops of several models or lengths in one
 * list, or a seed that is there twice.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { readScalingCsv } from "../read_csv.ts";
 * import { tokenDrops } from "../token_drops.ts";
 * import { compareDrops } from "./compare_drops.ts";
 *
 * const csv = ["model,parameters,imageTokens,fullImageTokens,textTokens,fullTextTokens,seed,value"];
 * const runs = { small: [0.30, 0.20], large: [0.50, 0.45] };
 * for (const [model, values] of Object.entries(runs)) {
 *   for (const seed of [0, 1, 2]) {
 *     csv.push(`${model},1e6,37,37,8,8,${seed},${values[0] + seed / 500}`);
 *     csv.push(`${model},1e6,5,37,8,8,${seed},${values[1] + seed / 400}`);
 *   }
 * }
 * const drops = tokenDrops(readScalingCsv(csv.join("\n"), "example"), { axis: "image" });
 * const of = (model: string) => drops.filter((drop) => drop.model === model);
 * const { value, low } = compareDrops(of("small"), of("large"));
 * assert.ok(value > 0.3 && low > 0); // the small model loses more
 * ```
 */
export function compareDrops(
  small: readonly TokenDrop[],
  large: readonly TokenDrop[],
  options: CompareOptions = {},
): DropComparison {
  const { level = 0.95 } = options;
  checkSide("small", small);
  checkSide("large", large);
  if (small[0].tokens !== large[0].tokens || small[0].strategy !== large[0].strategy) {
    throw new RangeError(
      `drops at ${small[0].strategy} ${small[0].tokens} and ${large[0].strategy} ${
        large[0].tokens
      }; ` +
        "allowed: one strategy and one length for both models",
    );
  }
  const [lost, kept] = [small, large].map((side) => side.map((drop) => drop.logit));
  const value = mean(lost) - mean(kept);
  const seedFreedom = small.length + large.length - 2;
  const pooled = (squares(lost) + squares(kept)) / seedFreedom;
  const seedVariance = pooled * (1 / small.length + 1 / large.length);
  const noise = imageVariance(small, large, options);
  const seeds = { variance: seedVariance, freedom: seedFreedom };
  const { half, freedom } = noiseInterval(seeds, noise, level);
  return {
    value,
    low: value - half,
    high: value + half,
    small: mean(lost),
    large: mean(kept),
    seeds: [small.length, large.length],
    seedError: Math.sqrt(seedVariance),
    imageError: Math.sqrt(noise.variance),
    imageNoise: noise.kind,
    freedom,
    paired: pairedInterval(small, large, level),
  };
}

/** Interval of the mean difference of equal seeds by Student's t; image noise is not in it. */
function pairedInterval(
  small: readonly TokenDrop[],
  large: readonly TokenDrop[],
  level: number,
): Interval | null {
  const differences = small.flatMap((drop) => {
    const twin = large.find(({ seed }) => seed === drop.seed);
    return twin === undefined ? [] : [drop.logit - twin.logit];
  });
  if (differences.length < 2) return null;
  const value = mean(differences);
  const freedom = differences.length - 1;
  const error = Math.sqrt(squares(differences) / freedom / differences.length);
  const half = studentT(0.5 + level / 2, freedom) * error;
  return { value, low: value - half, high: value + half };
}

function checkSide(side: string, drops: readonly TokenDrop[]): void {
  if (drops.length < 2) {
    throw new RangeError(
      `${side} model: seen ${drops.length} seeds; allowed: at least two, four for a conclusion; add ` +
        "seeds to the sweep",
    );
  }
  const cells = new Set(drops.map((drop) => `${drop.model}, ${drop.strategy}, ${drop.tokens}`));
  if (cells.size > 1) {
    throw new RangeError(
      `${side} model: seen several cells: ${[...cells].join("; ")}; allowed: one`,
    );
  }
  const seeds = drops.map(({ seed }) => seed);
  const twice = seeds.find((seed, i) => seed === null || seeds.indexOf(seed) < i);
  if (twice !== undefined) {
    throw new RangeError(
      `${side} model: seed ${twice} more than once; allowed: one row for each seed`,
    );
  }
}

interface ImageNoise {
  variance: number;
  freedom: number;
  kind: DropComparison["imageNoise"];
}

function imageVariance(
  small: readonly TokenDrop[],
  large: readonly TokenDrop[],
  options: CompareOptions,
): ImageNoise {
  const rows = [...small, ...large].flatMap(({ row, baselineRow }) => [row, baselineRow]);
  const classes = rows[0].classHits?.length ?? 0;
  const sizes = rows[0].classSizes?.join();
  if (
    classes > 1 &&
    rows.every((r) => r.classHits?.length === classes && r.classSizes?.join() === sizes)
  ) {
    return {
      variance: classVariance(small, large, classes, options),
      freedom: classes - 1,
      kind: "bootstrap over classes",
    };
  }
  if (rows.every(({ se }) => se !== null)) {
    // As if the pictures of each run were its own: on shared pictures the truth is smaller.
    const of = (drops: readonly TokenDrop[]) =>
      drops.reduce(
        (sum, drop) => sum + logitVariance(drop.row) + logitVariance(drop.baselineRow),
        0,
      ) /
      drops.length ** 2;
    const variance = of(small) + of(large);
    return { variance, freedom: Infinity, kind: "standard errors of the rows" };
  }
  return { variance: 0, freedom: Infinity, kind: "not known" };
}

function logitVariance({ value, se }: ScalingRow): number {
  return ((se ?? 0) / (value * (1 - value))) ** 2;
}

// Variance of the difference of mean drops when the classes are drawn anew, the same for all runs.
function classVariance(
  small: readonly TokenDrop[],
  large: readonly TokenDrop[],
  classes: number,
  { draws = 1000, seed = 0 }: CompareOptions,
): number {
  const found: number[] = [];
  for (let draw = 0; draw < draws; draw++) {
    const picked = Array.from({ length: classes }, (_, i) => randomIndex(classes, seed, draw, i));
    const drop = ({ row, baselineRow }: TokenDrop) =>
      drawnLogit(baselineRow, picked) - drawnLogit(row, picked);
    found.push(mean(small.map(drop)) - mean(large.map(drop)));
  }
  return squares(found) / (found.length - 1);
}

/** Logit of the accuracy on drawn classes; half a hit keeps it finite. */
export function drawnLogit(
  { classHits, classSizes }: ScalingRow,
  picked: readonly number[],
): number {
  let right = 0, total = 0;
  for (const index of picked) {
    right += classHits![index];
    total += classSizes![index];
  }
  return logit(Math.min(Math.max(right, 0.5), total - 0.5) / total);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sum of the squared distances from the mean. */
function squares(values: readonly number[]): number {
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
}
