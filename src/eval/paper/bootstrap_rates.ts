import { philox, unit } from "../../tensor/random.ts";

/** Resamples. */
const DRAWS = 1000;
/** Stream of the random numbers, so that no other use has the same. */
const STREAM = 0x626f6f74;

/**
 * Standard errors of rates when whole clusters are drawn anew with replacement: classes with all their
 * pictures, or pictures with all their captions. Members of a cluster are alike, so this is larger than
 * the error of independent trials. All rates share the resamples; the same clusters give the same bits.
 *
 * @param sizes [clusters] Trials of each cluster.
 * @param hits For each rate [clusters]: hits of each cluster.
 * @returns the standard deviation of each rate over the resamples.
 * @throws {RangeError} when there is no cluster, or one without a trial.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { bootstrapRates } from "./bootstrap_rates.ts";
 *
 * assert.deepEqual(bootstrapRates([2, 3], [[2, 3], [0, 0]]), [0, 0]);
 * ```
 */
export function bootstrapRates(
  sizes: ArrayLike<number>,
  hits: readonly ArrayLike<number>[],
  draws: number = DRAWS,
): number[] {
  const clusters = sizes.length;
  if (clusters === 0) throw new RangeError("sizes: seen none; allowed: at least one cluster");
  for (let i = 0; i < clusters; i++) {
    if (!(sizes[i] >= 1)) throw new RangeError(`sizes[${i}]: seen ${sizes[i]}; allowed: from 1`);
  }
  const sums = hits.map(() => 0), squares = hits.map(() => 0);
  const right = new Float64Array(hits.length);
  for (let draw = 0; draw < draws; draw++) {
    right.fill(0);
    let total = 0;
    for (let i = 0; i < clusters; i += 4) {
      const words = philox(STREAM, clusters, draw, i / 4, 0, 0);
      for (let k = 0; k < 4 && i + k < clusters; k++) {
        const picked = Math.floor(unit(words[k]) * clusters);
        total += sizes[picked];
        for (let h = 0; h < hits.length; h++) right[h] += hits[h][picked];
      }
    }
    for (let h = 0; h < hits.length; h++) {
      const rate = right[h] / total;
      sums[h] += rate;
      squares[h] += rate * rate;
    }
  }
  return hits.map((_, h) => {
    const mean = sums[h] / draws;
    return Math.sqrt(Math.max(0, squares[h] / draws - mean * mean) * draws / (draws - 1));
  });
}
