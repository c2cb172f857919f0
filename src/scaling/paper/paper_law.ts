import type { LawPoint } from "../fit/law_fit.ts";
import {
  type IntervalOptions,
  type LawDraws,
  residualBootstrap,
} from "../fit/residual_bootstrap.ts";
import type { TokenAxis } from "../scaling_row.ts";
import { type TokenDrop, tokenDrops } from "../token_drops.ts";
import { paperImageRows, paperTextRows } from "./paper_rows.ts";

/** The drops of a figure of paper 1: figure 4 for pictures, figure 7 for captions. */
export function paperDrops(axis: TokenAxis): TokenDrop[] {
  return tokenDrops(axis === "image" ? paperImageRows() : paperTextRows(), { axis });
}

/** Drops in points as cells of the law. */
export function lawPoints(drops: readonly TokenDrop[]): (LawPoint & { readonly model: string })[] {
  return drops.map(({ model, tokens, fullTokens, parameters, points }) => ({
    model,
    tokens,
    fullTokens,
    parameters,
    drop: points,
  }));
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
