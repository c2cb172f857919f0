/** y = factor * x^exponent. */
export interface PowerFit {
  readonly factor: number;
  readonly exponent: number;
  /** The points that the line went through, in x. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/**
 * A straight line through log10 x and log10 y by ordinary least squares.
 *
 * @throws {RangeError} for fewer than two points, a value that is not above 0, or equal x.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { powerFit } from "./binned_power_fit.ts";
 *
 * const { factor, exponent } = powerFit([{ x: 1, y: 3 }, { x: 100, y: 0.3 }]);
 * assert.deepEqual([factor.toFixed(6), exponent.toFixed(6)], ["3.000000", "-0.500000"]);
 * ```
 */
export function powerFit(points: readonly { x: number; y: number }[]): PowerFit {
  if (points.length < 2) {
    throw new RangeError(`a power law: seen ${points.length} points; allowed: at least two`);
  }
  const bad = points.find(({ x, y }) => !(x > 0 && y > 0 && x < Infinity));
  if (bad !== undefined) {
    throw new RangeError(
      `a power law: seen x ${bad.x}, y ${bad.y}; allowed: both above 0; it is fitted to logarithms`,
    );
  }
  const logs = points.map(({ x, y }) => [Math.log10(x), Math.log10(y)]);
  const mean = (k: number) => logs.reduce((sum, each) => sum + each[k], 0) / logs.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  const spread = logs.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  if (spread === 0) throw new RangeError("a power law: seen one x only; allowed: two or more");
  const exponent = logs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
  return { factor: 10 ** (meanY - exponent * meanX), exponent, points };
}

/** Options of {@linkcode binnedPowerFit}; the defaults are those of LAION's scaling-law figures. */
export interface BinOptions {
  /** Bins of equal width in log10 x. Default 5. */
  readonly bins?: number;
  /** How far the bins reach over the first and the last point, in log10 x. Default 0.1. */
  readonly margin?: number;
}

/**
 * The fit of Cherti et al., "Reproducible scaling laws for contrastive language-image learning": the
 * best point (lowest y) of each bin of log10 x, placed at the middle of its bin, then
 * {@linkcode powerFit}. Bins without a point are left out.
 *
 * @param points For the paper's figures x is compute and y is 1 - accuracy.
 * @throws {RangeError} as {@linkcode powerFit}, and when fewer than two bins hold a point.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { binnedPowerFit } from "./binned_power_fit.ts";
 *
 * const points = [10, 10, 1000, 1000].map((x, i) => ({ x, y: x ** -0.5 * (1 + i % 2) }));
 * const { exponent } = binnedPowerFit(points, { bins: 2, margin: 1 });
 * assert.equal(exponent.toFixed(6), "-0.500000"); // the bins' middles are 10 and 1000
 * ```
 */
export function binnedPowerFit(
  points: readonly { x: number; y: number }[],
  options: BinOptions = {},
): PowerFit {
  const { bins = 5, margin = 0.1 } = options;
  if (!Number.isInteger(bins) || bins < 2) {
    throw new RangeError(`bins: seen ${bins}; allowed: a whole number from 2`);
  }
  if (points.length < 2 || points.some(({ x }) => !(x > 0))) {
    throw new RangeError(
      `a binned fit: seen ${points.length} points${
        points.length < 2 ? "" : ", one of them with x not above 0"
      }; allowed: at least two, x above 0`,
    );
  }
  const logs = points.map(({ x }) => Math.log10(x));
  const first = Math.min(...logs) - margin;
  const width = (Math.max(...logs) + margin - first) / bins;
  const best = new Array<number>(bins).fill(Infinity);
  points.forEach(({ y }, i) => {
    const bin = Math.min(bins - 1, Math.floor((logs[i] - first) / width));
    best[bin] = Math.min(best[bin], y);
  });
  const middles = best
    .map((y, bin) => ({ x: 10 ** (first + (bin + 0.5) * width), y }))
    .filter(({ y }) => y < Infinity);
  return powerFit(middles);
}
