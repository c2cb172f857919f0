import { fitLaw, type LawFit, type LawPoint, tokensForDrop } from "./law_fit.ts";
import { type Interval, percentileInterval } from "./quantile.ts";
import { randomIndex } from "./random_index.ts";

/** Options of the intervals. */
export interface IntervalOptions {
  /** Resamples. Default 1000. */
  readonly draws?: number;
  /** Default 0.95. */
  readonly level?: number;
  readonly seed?: number;
}

/** A fit with many refits of resampled data. */
export interface LawDraws {
  readonly fit: LawFit;
  readonly draws: readonly Pick<LawFit, "a" | "b" | "c">[];
  /** What was resampled, for the legend: an interval without seeds says nothing on seeds. */
  readonly kind: "fit residual" | "seeds" | "seeds and classes";
  /** Resamples to which no law could be fitted. */
  readonly failed: number;
}

/** The interval of a law that has to give this share of the resamples a fit. */
const LEAST_FITTED = 0.9;

/**
 * Refits a law to its own predictions plus residuals that are drawn with replacement, enlarged by
 * sqrt(n / (n - 3)) for the three fitted parameters. For tables without seeds, such as the papers':
 * the interval says how well the law describes the table, not how a second run would turn out.
 *
 * @throws {RangeError} as {@linkcode fitLaw}, or when more than a tenth of the resamples have no fit.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { lawInterval, residualBootstrap } from "./residual_bootstrap.ts";
 *
 * const points = [50e6, 400e6].flatMap((parameters) =>
 *   [100, 50, 20].map((tokens, i) => ({
 *     tokens,
 *     fullTokens: 200,
 *     parameters,
 *     drop: 8 * (200 / tokens - 1) ** 1.2 * (parameters / 1e6) ** -0.4 + 0.05 * (-1) ** i,
 *   }))
 * );
 * const law = residualBootstrap(points, { draws: 100 });
 * const { low, value, high } = lawInterval(law, "c");
 * assert.ok(low < value && value < high && law.kind === "fit residual");
 * ```
 */
export function residualBootstrap(
  points: readonly LawPoint[],
  options: IntervalOptions = {},
): LawDraws {
  const { draws = 1000, seed = 0 } = options;
  const fit = fitLaw(points);
  const { fitted, residuals } = fit.raw;
  const scale = Math.sqrt(points.length / (points.length - 3));
  return collectDraws(fit, "fit residual", draws, (draw) =>
    points.map((point, i) => ({
      ...point,
      drop: fitted[i] + scale * residuals[randomIndex(points.length, seed, draw, i)],
    })));
}

/** Refits a law to `draws` resampled sets of points. */
export function collectDraws(
  fit: LawFit,
  kind: LawDraws["kind"],
  draws: number,
  resample: (draw: number) => LawPoint[],
): LawDraws {
  if (!Number.isInteger(draws) || draws < 20) {
    throw new RangeError(`draws: seen ${draws}; allowed: a whole number from 20`);
  }
  const fits: Pick<LawFit, "a" | "b" | "c">[] = [];
  for (let draw = 0; draw < draws; draw++) {
    try {
      const { a, b, c } = fitLaw(resample(draw));
      fits.push({ a, b, c });
    } catch (error) {
      // A resample may hold no law, for example one size only; too many such mean there is none.
      if (!(error instanceof RangeError)) throw error;
    }
  }
  if (fits.length < LEAST_FITTED * draws) {
    throw new RangeError(
      `interval of the law: only ${fits.length} of ${draws} resamples have a fit; allowed: at least nine ` +
        "tenths; the points are too few or too noisy for an interval",
    );
  }
  return { fit, draws: fits, kind, failed: draws - fits.length };
}

/** Interval of a parameter of a law. */
export function lawInterval(law: LawDraws, parameter: "a" | "b" | "c", level = 0.95): Interval {
  return percentileInterval(
    law.fit[parameter],
    law.draws.map((draw) => draw[parameter]),
    level,
  );
}

/**
 * Tokens needed for a tolerated drop against parameters, with an interval at each size: the law read
 * the other way round.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { paperLaw } from "../paper/paper_law.ts";
 * import { tokensAgainstSize } from "./residual_bootstrap.ts";
 *
 * const law = paperLaw("image", "resize", { draws: 50 });
 * const [small, large] = tokensAgainstSize(law, { drop: 1, fullTokens: 197 }, [55e6, 414e6]);
 * assert.ok(large.value < small.value); // the larger needs fewer
 * ```
 */
export function tokensAgainstSize(
  law: LawDraws,
  target: { drop: number; fullTokens: number },
  sizes: readonly number[],
  level = 0.95,
): (Interval & { readonly parameters: number })[] {
  return sizes.map((parameters) => ({
    parameters,
    ...percentileInterval(
      tokensForDrop(law.fit, { ...target, parameters }),
      law.draws.filter(({ b }) => b > 0).map((draw) =>
        tokensForDrop(draw, { ...target, parameters })
      ),
      level,
    ),
  }));
}
