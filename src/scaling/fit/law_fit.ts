import { checkPoints, leastSquares, type LeastSquaresFit } from "./least_squares.ts";

/** One cell of the law: a loss of accuracy by few tokens at a model size. */
export interface LawPoint {
  readonly tokens: number;
  readonly fullTokens: number;
  readonly parameters: number;
  /** In points, or in any other unit such as the change of a logit; may be 0 or negative. */
  readonly drop: number;
}

/** drop = a (n0/n - 1)^b (N / 1e6)^-c, with n tokens of n0 at full length and N parameters. */
export interface LawFit {
  /** Drop of a model of a million parameters at half its tokens. */
  readonly a: number;
  /** How steeply the drop grows with the lost tokens. */
  readonly b: number;
  /** How the drop shrinks with the parameters: above 0 is the inverse scaling law. */
  readonly c: number;
  /** Fitted as (ln of the drop at x = 1 and the middle size, b, c); for standard errors. */
  readonly raw: LeastSquaresFit;
  /** The geometric mean of the sizes, on which `raw` stands. */
  readonly middleParameters: number;
  /** Share of the variance of the drops that the law explains. */
  readonly explained: number;
}

/**
 * The inverse scaling law as one joint fit over sizes and lengths, by least squares on the drops
 * themselves. The papers give no formula; this one is the simplest that is 0 at full length, grows
 * without bound towards no tokens and has one exponent for the size.
 *
 * Drops that are 0 or negative (a gain) stay in the fit as they are: an additive residual needs no
 * logarithm, so nothing is left out and nothing is lifted to be positive. Only the starting point comes
 * from the logarithms of the positive ones.
 *
 * @throws {RangeError} for fewer than four points, one size or one length only, tokens that are not below
 * the full length, a size that is not above 0, or fewer than three positive drops.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { fitLaw } from "./law_fit.ts";
 *
 * const points = [50e6, 400e6].flatMap((parameters) =>
 *   [100, 50, 20].map((tokens) => ({
 *     tokens,
 *     fullTokens: 200,
 *     parameters,
 *     drop: 8 * (200 / tokens - 1) ** 1.2 * (parameters / 1e6) ** -0.4,
 *   }))
 * );
 * const { a, b, c } = fitLaw(points);
 * assert.deepEqual([a, b, c].map((value) => value.toFixed(4)), ["8.0000", "1.2000", "0.4000"]);
 * ```
 */
export function fitLaw(points: readonly LawPoint[]): LawFit {
  checkLawPoints(points);
  const logSizes = points.map(({ parameters }) => Math.log(parameters / 1e6));
  const middle = logSizes.reduce((sum, size) => sum + size, 0) / points.length;
  const lengths = points.map(({ tokens, fullTokens }) => Math.log(fullTokens / tokens - 1));
  const sizes = logSizes.map((size) => size - middle);
  const value = ([k, b, c]: readonly number[], i: number) =>
    Math.exp(k + b * lengths[i] - c * sizes[i]);
  const drops = points.map(({ drop }) => drop);
  const raw = leastSquares(drops, {
    value,
    gradient: (p, i) => {
      const drop = value(p, i);
      return [drop, lengths[i] * drop, -sizes[i] * drop];
    },
  }, startOf(drops, lengths, sizes));
  const [k, b, c] = raw.parameters;
  const mean = drops.reduce((sum, drop) => sum + drop, 0) / drops.length;
  const total = drops.reduce((sum, drop) => sum + (drop - mean) ** 2, 0);
  const rest = raw.residuals.reduce((sum, r) => sum + r * r, 0);
  return {
    a: Math.exp(k + c * middle),
    b,
    c,
    raw,
    middleParameters: 1e6 * Math.exp(middle),
    explained: 1 - rest / total,
  };
}

/** The drop that a law predicts. */
export function predictDrop(
  { a, b, c }: Pick<LawFit, "a" | "b" | "c">,
  cell: Omit<LawPoint, "drop">,
): number {
  return a * (cell.fullTokens / cell.tokens - 1) ** b * (cell.parameters / 1e6) ** -c;
}

/**
 * Tokens at which a law reaches a drop: n0 / (1 + (drop / (a N^-c))^(1/b)). Not a whole number.
 *
 * @throws {RangeError} when the drop is not above 0, or the law does not grow with lost tokens.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { tokensForDrop } from "./law_fit.ts";
 *
 * const law = { a: 8, b: 1, c: 0.5 };
 * assert.equal(tokensForDrop(law, { drop: 2, parameters: 64e6, fullTokens: 30 }), 10);
 * ```
 */
export function tokensForDrop(
  { a, b, c }: Pick<LawFit, "a" | "b" | "c">,
  target: { drop: number; parameters: number; fullTokens: number },
): number {
  const { drop, parameters, fullTokens } = target;
  if (!(drop > 0) || !(b > 0)) {
    throw new RangeError(
      `tokens for a drop of ${drop} by a law with b = ${b}; allowed: both above 0`,
    );
  }
  return fullTokens / (1 + (drop / (a * (parameters / 1e6) ** -c)) ** (1 / b));
}

function checkLawPoints(points: readonly LawPoint[]): void {
  checkPoints(points.map(({ drop }) => drop), 3);
  for (const { tokens, fullTokens, parameters } of points) {
    if (!(tokens > 0 && tokens < fullTokens)) {
      throw new RangeError(
        `a point of the law: seen ${tokens} of ${fullTokens} tokens; allowed: above 0 and below full ` +
          "length, where the drop is 0 by definition; leave the baselines out",
      );
    }
    if (!(parameters > 0 && parameters < Infinity)) {
      throw new RangeError(`a point of the law: seen ${parameters} parameters; allowed: above 0`);
    }
  }
  const sizes = new Set(points.map(({ parameters }) => parameters)).size;
  const lengths = new Set(points.map(({ tokens, fullTokens }) => fullTokens / tokens)).size;
  if (sizes < 2 || lengths < 2) {
    throw new RangeError(
      `the law: seen ${sizes} sizes and ${lengths} lengths; allowed: at least two of each, or nothing ` +
        "tells the exponents apart; add cells to the sweep",
    );
  }
}

// Ordinary least squares on the logarithms of the positive drops.
function startOf(drops: readonly number[], lengths: readonly number[], sizes: readonly number[]) {
  const positive = drops.flatMap((drop, i) => drop > 0 ? [i] : []);
  if (positive.length < 3) {
    throw new RangeError(
      `the law: seen ${positive.length} positive drops among ${drops.length}; allowed: at least 3; few ` +
        "tokens cost nothing here, so there is no law to fit",
    );
  }
  try {
    return leastSquares(positive.map((i) => Math.log(drops[i])), {
      value: ([k, b, c], p) => k + b * lengths[positive[p]] - c * sizes[positive[p]],
      gradient: (_, p) => [1, lengths[positive[p]], -sizes[positive[p]]],
    }, [0, 1, 0]).parameters;
  } catch {
    // Three positive points, or points on one line: any sensible start will do.
    return [Math.log(Math.max(...drops)) - Math.max(...lengths), 1, 0.1];
  }
}
