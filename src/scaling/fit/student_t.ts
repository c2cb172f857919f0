import jstat from "jstat";

/**
 * Quantile of Student's t distribution.
 *
 * @param freedom Degrees of freedom, above 0; need not be whole.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { studentT } from "./student_t.ts";
 *
 * assert.equal(studentT(0.975, 6).toFixed(3), "2.447");
 * ```
 */
export function studentT(share: number, freedom: number): number {
  if (!(share > 0 && share < 1) || !(freedom > 0)) {
    throw new RangeError(
      `t quantile of share ${share} with ${freedom} degrees of freedom; allowed: a share inside 0 to 1 ` +
        "and more than 0 degrees: an interval over seeds needs at least two seeds",
    );
  }
  return jstat.studentt.inv(share, freedom);
}
