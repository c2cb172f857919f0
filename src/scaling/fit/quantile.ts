/** A number with an interval around it. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Quantile by linear interpolation between order statistics (type 7, the default of NumPy and R).
 *
 * @throws {RangeError} for no value or a share outside 0 to 1.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { quantile } from "./quantile.ts";
 *
 * assert.equal(quantile([4, 1, 3, 2], 0.5), 2.5);
 * ```
 */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0 || !(share >= 0 && share <= 1)) {
    throw new RangeError(
      `quantile ${share} of ${values.length} values; allowed: a share from 0 to 1 of at least one`,
    );
  }
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return below + (above - below) * (place - Math.floor(place));
}

/** The middle `level` of some draws as an interval around a value. */
export function percentileInterval(
  value: number,
  draws: readonly number[],
  level = 0.95,
): Interval {
  const tail = (1 - level) / 2;
  return { value, low: quantile(draws, tail), high: quantile(draws, 1 - tail) };
}
