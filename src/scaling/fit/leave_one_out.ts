import { fitLaw, type LawPoint, predictDrop } from "./law_fit.ts";

/** A cell beside what the law, fitted to all other cells, says of it. */
export interface HeldOutCell<T extends LawPoint = LawPoint> {
  readonly point: T;
  readonly predicted: number;
  /** Predicted minus observed, in the unit of the drops. */
  readonly error: number;
}

/** Outcome of {@linkcode leaveOneOut}. */
export interface HeldOutCells<T extends LawPoint = LawPoint> {
  readonly cells: readonly HeldOutCell<T>[];
  /** Root mean square of the errors. */
  readonly error: number;
  /** The same for the guess "as much as the mean of the other cells". */
  readonly guess: number;
}

/**
 * Predicts every cell by a law that was fitted without it. The error is that of a cell nobody has
 * trained yet; the residual of an ordinary fit is smaller.
 *
 * @throws {RangeError} as {@linkcode fitLaw}, on the points that are left: at least five are needed.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { leaveOneOut } from "./leave_one_out.ts";
 *
 * const points = [50e6, 400e6].flatMap((parameters) =>
 *   [100, 50, 20].map((tokens) => ({
 *     tokens,
 *     fullTokens: 200,
 *     parameters,
 *     drop: 8 * (200 / tokens - 1) ** 1.2 * (parameters / 1e6) ** -0.4,
 *   }))
 * );
 * assert.ok(leaveOneOut(points).error < 1e-6);
 * ```
 */
export function leaveOneOut<T extends LawPoint>(points: readonly T[]): HeldOutCells<T> {
  const total = points.reduce((sum, { drop }) => sum + drop, 0);
  const guesses: number[] = [];
  const cells = points.map((point, left) => {
    const predicted = predictDrop(fitLaw(points.filter((_, i) => i !== left)), point);
    guesses.push((total - point.drop) / (points.length - 1) - point.drop);
    return { point, predicted, error: predicted - point.drop };
  });
  return {
    cells,
    error: rootMeanSquare(cells.map(({ error }) => error)),
    guess: rootMeanSquare(guesses),
  };
}

function rootMeanSquare(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}
