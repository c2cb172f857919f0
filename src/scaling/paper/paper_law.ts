import type { LawPoint } from "../fit/law_fit.ts";
import { lawPoints } from "../law_points.ts";
import {
  type IntervalOptions,
  type LawDraws,
  residualBootstrap,
} from "../fit/residual_bootstrap.ts";
import type { TokenAxis } from "../scaling_row.ts";
import { type TokenDrop, tokenDrops } from "../token_drops.ts";
import {
  paperConvnextRows,
  paperImageRows,
  paperTextRows,
  paperTransferRows,
  totalParameters,
} from "./paper_rows.ts";
import { paperSpec } from "./paper_spec.ts";
import { PAPER_TABLES } from "./paper_tables.ts";

/** The drops of a figure of paper 1: figure 4 for pictures, figure 7 for captions. */
export function paperDrops(axis: TokenAxis): TokenDrop[] {
  return tokenDrops(axis === "image" ? paperImageRows() : paperTextRows(), { axis });
}

/** The drops of table 13 of paper 1 for ConvNeXt: pictures of fewer pixels, no tokens. */
export function paperConvnextDrops(): TokenDrop[] {
  return tokenDrops(paperConvnextRows(), { axis: "image" })
    .filter(({ model }) => model.startsWith("ConvNeXt"));
}

/**
 * The drops of table 15 of paper 1 in one metric: robustness and retrieval against text tokens.
 *
 * @throws {RangeError} for a metric that the table does not have.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { fitLaw } from "../fit/law_fit.ts";
 * import { lawPoints } from "../law_points.ts";
 * import { paperTransferDrops } from "./paper_law.ts";
 *
 * const drops = paperTransferDrops("cocoImage").filter(({ strategy }) => strategy === "syntax");
 * assert.ok(fitLaw(lawPoints(drops)).c < 0); // in points of R@1 the larger model loses more
 * ```
 */
export function paperTransferDrops(metric: string): TokenDrop[] {
  const rows = paperTransferRows();
  const known = [...new Set(rows.map((row) => row.metric))];
  if (!known.includes(metric)) {
    throw new RangeError(`metric "${metric}" of table 15; allowed: ${known.join(", ")}`);
  }
  return tokenDrops(rows, { axis: "text", metric });
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
