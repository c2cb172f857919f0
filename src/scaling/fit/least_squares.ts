import { levenbergMarquardt } from "ml-levenberg-marquardt";
import { determinant, inverse, Matrix } from "ml-matrix";

/** A curve through points 0, 1, 2, ... with its derivatives. */
export interface Curve {
  /** Value at a point. */
  value(parameters: readonly number[], point: number): number;
  /** Derivative of the value with respect to each parameter. */
  gradient(parameters: readonly number[], point: number): number[];
}

/** Outcome of {@linkcode leastSquares}. */
export interface LeastSquaresFit {
  readonly parameters: readonly number[];
  /** Square root of the covariance's diagonal. */
  readonly standardErrors: readonly number[];
  /** [parameters][parameters]: residual variance times the inverse of J'J. */
  readonly covariance: readonly (readonly number[])[];
  /** Curve at each point. */
  readonly fitted: readonly number[];
  /** Observed minus fitted. */
  readonly residuals: readonly number[];
  /** Square root of the squared residuals over the degrees of freedom. */
  readonly residualError: number;
}

const APART =
  "the points cannot tell the parameters apart; give at least two sizes and two token " +
  "counts, and points that follow the curve";
/** Cosine between the residuals and the tangent plane below which a fit has arrived. */
const ARRIVED = 1e-6;
/** The library has no test for arrival, so it runs in short rounds with the test between them. */
const ROUNDS = 200, ITERATIONS = 6;
/** Damping at the start of a round, by turns: a far start needs much, the last steps need little. */
const DAMPING = [1e-2, 1e-4, 1e-6];

/**
 * Least squares by Levenberg and Marquardt with exact derivatives. The outcome is checked: at a
 * minimum the residuals are at right angles to the curve's tangents.
 *
 * @param observed Values at points 0, 1, 2, ...
 * @param start Parameters to start from.
 * @throws {RangeError} for fewer points than parameters plus one, values that are not finite, points that
 * cannot tell the parameters apart, or when no minimum is found.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { leastSquares } from "./least_squares.ts";
 *
 * const line = {
 *   value: ([a, b]: readonly number[], x: number) => a + b * x,
 *   gradient: (_: readonly number[], x: number) => [1, x],
 * };
 * const { parameters } = leastSquares([1, 3, 5, 7], line, [0, 0]);
 * assert.deepEqual(parameters.map((p) => Math.round(1e6 * p) / 1e6), [1, 2]);
 * ```
 */
export function leastSquares(
  observed: readonly number[],
  curve: Curve,
  start: readonly number[],
): LeastSquaresFit {
  const count = start.length;
  checkPoints(observed, count);
  const points = observed.map((_, i) => i);
  let parameters = [...start];
  for (let round = 0;; round++) {
    const fitted = points.map((i) => curve.value(parameters, i));
    const residuals = observed.map((y, i) => y - fitted[i]);
    const slopes = points.map((i) => curve.gradient(parameters, i));
    if (distance(slopes, residuals, observed) < ARRIVED) {
      return summary(parameters, fitted, residuals, slopes);
    }
    if (round === ROUNDS || !parameters.every(Number.isFinite)) {
      throw new RangeError(
        `the fit found no minimum from start [${
          start.map((p) => p.toPrecision(3)).join(", ")
        }] on ` +
          `${observed.length} points; look at the points: they may not follow the curve at all`,
      );
    }
    parameters = step(observed, curve, parameters, DAMPING[round % DAMPING.length]);
  }
}

function step(
  observed: readonly number[],
  curve: Curve,
  parameters: number[],
  damping: number,
): number[] {
  try {
    return levenbergMarquardt(
      { x: observed.map((_, i) => i), y: [...observed] },
      (p) => (x) => curve.value(p, x),
      {
        initialValues: parameters,
        jacobianFunction: (p) => (x) => curve.gradient(p, x),
        maxIterations: ITERATIONS,
        errorTolerance: 0,
        damping,
      },
    ).parameterValues;
  } catch (cause) {
    // The library's matrices say "LU matrix is singular" where a parameter has run away.
    if (!/singular/.test(String(cause))) throw cause;
    throw new RangeError(APART, { cause });
  }
}

/** Complains about too few points or values that are no numbers. */
export function checkPoints(observed: readonly number[], parameters: number): void {
  if (observed.length <= parameters) {
    throw new RangeError(
      `a fit of ${parameters} parameters: seen ${observed.length} points; allowed: at least ` +
        `${parameters + 1}; add cells to the sweep or fit fewer parameters`,
    );
  }
  const bad = observed.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new RangeError(
      `point ${bad}: seen ${
        observed[bad]
      }; allowed: a finite number; leave out cells without a result`,
    );
  }
}

// The largest cosine between the residuals and a column of the Jacobian. Residuals that are nothing
// but rounding count as arrived: their direction means nothing.
function distance(slopes: number[][], residuals: number[], observed: readonly number[]): number {
  const norm = Math.hypot(...residuals);
  if (norm <= 1e-12 * Math.hypot(...observed)) return 0;
  return Math.max(...slopes[0].map((_, p) => {
    const column = slopes.map((row) => row[p]);
    const dot = column.reduce((sum, slope, i) => sum + slope * residuals[i], 0);
    const length = Math.hypot(...column);
    if (!Number.isFinite(length)) return Infinity;
    return length === 0 ? 0 : Math.abs(dot) / (length * norm);
  }));
}

function summary(
  parameters: number[],
  fitted: number[],
  residuals: number[],
  slopes: number[][],
): LeastSquaresFit {
  const freedom = residuals.length - parameters.length;
  const variance = residuals.reduce((sum, r) => sum + r * r, 0) / freedom;
  const covariance = inverseOfNormal(slopes).map((row) => row.map((value) => value * variance));
  return {
    parameters,
    standardErrors: covariance.map((row, p) => Math.sqrt(Math.max(0, row[p]))),
    covariance,
    fitted,
    residuals,
    residualError: Math.sqrt(variance),
  };
}

// Columns are brought to unit length first, so that singular means singular and not just small.
function inverseOfNormal(slopes: number[][]): number[][] {
  const lengths = slopes[0].map((_, p) => Math.hypot(...slopes.map((row) => row[p])));
  const scaled = new Matrix(slopes.map((row) => row.map((slope, p) => slope / lengths[p])));
  const normal = scaled.transpose().mmul(scaled);
  const singular = lengths.includes(0) || Math.abs(determinant(normal)) < 1e-14;
  if (singular) {
    throw new RangeError(APART);
  }
  return inverse(normal).to2DArray().map((row, p) =>
    row.map((value, q) => value / (lengths[p] * lengths[q]))
  );
}
