/**
 * The score that rows are ranked by: the float32 nearest to the inner product of two rows of `width`
 * values, summed in float64 in eight partial sums. Bit for bit what the native search computes.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { exactScore } from "./exact_score.ts";
 *
 * assert.equal(exactScore(Float32Array.of(0.6, 0.8), 0, Float32Array.of(0, 1), 2), Math.fround(0.8));
 * ```
 */
export function exactScore(
  rows: Float32Array,
  at: number,
  query: Float32Array,
  width: number,
): number {
  const sums = new Float64Array(8);
  for (let i = 0; i < width; i++) sums[i % 8] += rows[at + i] * query[i];
  const low = (sums[0] + sums[4]) + (sums[2] + sums[6]);
  const high = (sums[1] + sums[5]) + (sums[3] + sums[7]);
  return Math.fround(low + high);
}
