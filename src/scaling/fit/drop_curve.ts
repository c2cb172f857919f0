import { checkPoints, leastSquares, type LeastSquaresFit } from "./least_squares.ts";
import type { LawPoint } from "./law_fit.ts";

/** drop = a (n0/n - 1)^b for one model size. */
export interface DropCurve {
  readonly a: number;
  readonly b: number;
  readonly raw: LeastSquaresFit;
}

/**
 * Drop against tokens for one size, by least squares on the drops; as the law, it keeps drops that are
 * 0 or negative.
 *
 * @throws {RangeError} for fewer than three points, tokens that are not below full length, one length
 * only, or fewer than two positive drops.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { fitDropCurve } from "./drop_curve.ts";
 *
 * const points = [100, 50, 20].map((tokens) => ({ tokens, fullTokens: 200, drop: 2 * (200 / tokens - 1) }));
 * const { a, b } = fitDropCurve(points);
 * assert.deepEqual([a.toFixed(6), b.toFixed(6)], ["2.000000", "1.000000"]);
 * ```
 */
export function fitDropCurve(points: readonly Omit<LawPoint, "parameters">[]): DropCurve {
  const drops = points.map(({ drop }) => drop);
  checkPoints(drops, 2);
  const ratios = points.map(({ tokens, fullTokens }) => fullTokens / tokens - 1);
  if (!ratios.every((ratio) => ratio > 0 && ratio < Infinity) || new Set(ratios).size < 2) {
    throw new RangeError(
      `a drop curve: seen tokens ${
        points.map((p) => `${p.tokens} of ${p.fullTokens}`).join(", ")
      }; ` +
        "allowed: at least two lengths, all below full length",
    );
  }
  const positive = drops.filter((drop) => drop > 0).length;
  if (positive < 2) {
    throw new RangeError(
      `a drop curve: seen ${positive} positive drops among ${drops.length}; allowed: at least 2; few ` +
        "tokens cost nothing here",
    );
  }
  const lengths = ratios.map(Math.log);
  const value = ([k, b]: readonly number[], i: number) => Math.exp(k + b * lengths[i]);
  const largest = drops.indexOf(Math.max(...drops));
  const raw = leastSquares(drops, {
    value,
    gradient: (p, i) => [value(p, i), lengths[i] * value(p, i)],
  }, [Math.log(drops[largest]) - lengths[largest], 1]);
  return { a: Math.exp(raw.parameters[0]), b: raw.parameters[1], raw };
}

/** A cell that was measured: its tokens and its drop. */
export interface MeasuredDrop {
  readonly tokens: number;
  readonly drop: number;
}

/**
 * The fewest measured tokens with which a model stays within a drop, at this and at every longer
 * length; null when even the longest loses more. No curve is involved.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { fewestTokensWithin } from "./drop_curve.ts";
 *
 * const cells = [{ tokens: 101, drop: 0.7 }, { tokens: 50, drop: 2 }, { tokens: 37, drop: 2.8 }];
 * assert.equal(fewestTokensWithin(cells, 1), 101);
 * ```
 */
export function fewestTokensWithin(cells: readonly MeasuredDrop[], drop: number): number | null {
  let fewest: number | null = null;
  for (const cell of [...cells].sort((a, b) => b.tokens - a.tokens)) {
    if (cell.drop > drop) break;
    fewest = cell.tokens;
  }
  return fewest;
}
