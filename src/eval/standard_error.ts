/**
 * Standard error of a share measured on independent trials: sqrt(p (1 - p) / n).
 *
 * @throws {RangeError} when the share is not from 0 to 1 or there is no trial.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { standardError } from "./standard_error.ts";
 *
 * assert.equal(standardError(0.5, 100), 0.05);
 * ```
 */
export function standardError(share: number, trials: number): number {
  if (!(share >= 0 && share <= 1)) {
    throw new RangeError(`share: seen ${share}; allowed: 0 to 1`);
  }
  if (!(Number.isInteger(trials) && trials >= 1)) {
    throw new RangeError(`trials: seen ${trials}; allowed: a whole number from 1`);
  }
  return Math.sqrt(share * (1 - share) / trials);
}
