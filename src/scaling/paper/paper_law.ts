import type { LawPoint } from "../fit/law_fit.ts";
import { lawPoints } from "../law_points.ts";
import {
  type IntervalOptions,
  type LawDraws,
  residualBootstrap,
} from "../fit/residual_bootstrap.ts";
import type { TokenAxis } from "../scaling_row.ts";
import { type TokenDrop, tokenDrops } from "../token_drops.ts";
import { paperImageRows, paperTextRows, totalParameters } from "./paper_rows.ts";
import { paperSpec } from "./paper_spec.ts";
import { PAPER_TABLES } from "./paper_tables.ts";

/** The drops of a figure of paper 1: figure 4 for pictures, figure 7 for captions. */
export function paperDrops(axis: TokenAxis): TokenDrop[] {
  return tokenDrops(axis === "image" ? paperImageRows() : paperTextRows(), { axis });
}

/**
 * The inverse law of one strategy of paper 1 as a joint fit. The paper gives no formula and no seeds,
 * so the interval is that of the fit's residuals.
 *
 * @throws {RangeError} for a strategy without drops.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { paperLaw } from "./paper_law.ts";
 *
 * const { fit } = paperLaw("image", "resize", { draws: 50 });
 * assert.ok(fit.c > 0 && fit.explained > 0.95);
 * ```
 */
export function paperLaw(
  axis: TokenAxis,
  strategy: string,
  options: IntervalOptions = {},
): LawDraws {
  const drops = paperDrops(axis);
  const wanted = drops.filter((drop) => drop.strategy === strategy);
  if (wanted.length === 0) {
    const known = [...new Set(drops.map((drop) => drop.strategy))].join(", ");
    throw new RangeError(`${axis} strategy "${strategy}"; allowed: ${known}`);
  }
  return residualBootstrap(lawPoints(wanted), options);
}

/**
 * Cells of paper 2, figure 2: masks in tuning. Tokens are the kept patches and the class token of 224 px;
 * the last drafts' other H/14 runs are left out.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { fitLaw } from "../fit/law_fit.ts";
 * import { paperTuningPoints } from "./paper_law.ts";
 *
 * assert.ok(fitLaw(paperTuningPoints()).c > 0); // larger models can be tuned with fewer patches
 * ```
 */
export function paperTuningPoints(): (LawPoint & { readonly model: string })[] {
  return PAPER_TABLES.v2TuningMasks.rows.filter(({ draftOnly }) => !draftOnly).flatMap(
    ({ series, points }) => {
      const patches = (224 / paperSpec(series).image.patch) ** 2;
      return points.filter(({ keptPercent }) => keptPercent < 100).map((point) => ({
        model: series,
        parameters: totalParameters(series),
        tokens: patches * point.keptPercent / 100 + 1,
        fullTokens: patches + 1,
        drop: -point.change,
      }));
    },
  );
}
