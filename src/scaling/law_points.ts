import type { LawPoint } from "./fit/law_fit.ts";
import type { TokenDrop } from "./token_drops.ts";

/** What a loss is measured in: points of accuracy or the change of its logit. */
export type DropMeasure = "points" | "logit";

/**
 * Drops as cells of the law.
 *
 * @param measure `logit` for models far from 50 %, such as small ones on many classes.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { lawPoints } from "./law_points.ts";
 * import { paperDrops } from "./paper/paper_law.ts";
 *
 * const [points, logits] = (["points", "logit"] as const).map((m) => lawPoints(paperDrops("image"), m));
 * assert.ok(points[0].drop > 1 && logits[0].drop < 0.1);
 * ```
 */
export function lawPoints(
  drops: readonly TokenDrop[],
  measure: DropMeasure = "points",
): (LawPoint & { readonly model: string })[] {
  return drops.map(({ model, tokens, fullTokens, parameters, ...drop }) => ({
    model,
    tokens,
    fullTokens,
    parameters,
    drop: drop[measure],
  }));
}
