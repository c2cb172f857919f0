import { countRows } from "./check_rows.ts";
import { dot, dot4 } from "./dot_rows.ts";

/** Targets that stay in the cache while all queries pass by. */
const TILE = 64;

/**
 * For each query, how many other targets score at least as high as its own: 0 is a clear win. A tie
 * counts against the query, and so does a score that is not a number; otherwise equal embeddings would
 * look like hits. Memory is one number a query, not the table of all scores.
 *
 * @param queries [queries, width] Embeddings, for example of pictures.
 * @param targets [targets, width] Embeddings, for example of class names.
 * @param width Features of an embedding.
 * @param own [queries] Index of the right target.
 * @throws {TypeError} when an array is not a whole number of rows; {RangeError} when `own` points
 * outside the targets.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { worstRanks } from "./worst_ranks.ts";
 *
 * const targets = Float32Array.of(1, 0, 0, 1, 0, 1); // the last two are equal
 * assert.deepEqual([...worstRanks(Float32Array.of(1, 0, 0, 1), targets, 2, [0, 1])], [0, 1]);
 * ```
 */
export function worstRanks(
  queries: Float32Array,
  targets: Float32Array,
  width: number,
  own: ArrayLike<number>,
): Int32Array {
  const count = countRows("queries", queries, width);
  const targetCount = countRows("targets", targets, width);
  checkOwn(own, count, targetCount);
  const ranks = new Int32Array(count);
  const ownScores = new Float64Array(count);
  for (let i = 0; i < count; i++) ownScores[i] = dot(queries, i, targets, own[i], width);
  const scores = new Float64Array(4);
  for (let tile = 0; tile < targetCount; tile += TILE) {
    const end = Math.min(tile + TILE, targetCount);
    for (let i = 0; i < count; i++) {
      for (let j = tile; j < end; j += 4) {
        dot4(queries, i, targets, j, targetCount - 1, width, scores);
        const lanes = Math.min(4, end - j);
        for (let lane = 0; lane < lanes; lane++) {
          // Not "at least", so that NaN on either side counts too.
          if (j + lane !== own[i] && !(scores[lane] < ownScores[i])) ranks[i]++;
        }
      }
    }
  }
  return ranks;
}

function checkOwn(own: ArrayLike<number>, count: number, targets: number) {
  if (own.length !== count) {
    throw new TypeError(
      `own: seen ${own.length} indices; allowed: one for each of ${count} queries`,
    );
  }
  for (let i = 0; i < count; i++) {
    if (Number.isInteger(own[i]) && own[i] >= 0 && own[i] < targets) continue;
    throw new RangeError(`own[${i}]: seen ${own[i]}; allowed: 0 to ${targets - 1}`);
  }
}
