/**
 * Median and quartiles of repeated measurements, by linear interpolation between order statistics.
 *
 * @throws {RangeError} if there is no measurement or one is not finite.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { spread } from "./spread.ts";
 *
 * assert.deepEqual(spread([5, 1, 3, 2, 4]), { value: 3, low: 2, high: 4 });
 * ```
 */
export function spread(samples: readonly number[]): { value: number; low: number; high: number } {
  if (samples.length === 0 || !samples.every(Number.isFinite)) {
    throw new RangeError(`seen [${samples}]; allowed: one or more finite measurements`);
  }
  const sorted = [...samples].sort((a, b) => a - b);
  const quantile = (share: number) => {
    const place = share * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
    return below + (above - below) * (place - Math.floor(place));
  };
  return { value: quantile(0.5), low: quantile(0.25), high: quantile(0.75) };
}
