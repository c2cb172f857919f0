import type { ModelSpec } from "../config/model_spec.ts";
import { pairMacs } from "../model/model_cost.ts";

/** One stage on the papers' compute axis. */
export interface ComputeStage {
  /** Pairs that were seen. */
  readonly samples: number;
  /** Patches that the picture tower sees, without the class token. */
  readonly patches: number;
  readonly textTokens: number;
}

/**
 * Training compute as the papers count it (paper 1, figure 8): multiply-accumulates of the forward pass
 * of a pair, without the attention products, times the pairs, all stages together. The papers call
 * this "GFLOPs x samples"; their axis is in 1e11 GMAC = 1e20 multiply-accumulates.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { paperSpec } from "./paper/paper_spec.ts";
 * import { paperCompute } from "./paper_compute.ts";
 *
 * const full = [{ samples: 2.56e9, patches: 196, textTokens: 32 }];
 * assert.equal((paperCompute(paperSpec("L/16"), full) / 1e20).toFixed(2), "1.60");
 * ```
 */
export function paperCompute(spec: ModelSpec, stages: readonly ComputeStage[]): number {
  return stages.reduce(
    (sum, { samples, patches, textTokens }) =>
      sum + samples * pairMacs(spec, { patches, text: textTokens }),
    0,
  );
}

/** A model's place in a figure of accuracy against compute. */
export interface ComputePoint {
  readonly compute: number;
  readonly accuracy: number;
}

/**
 * The points that no other point beats: none has at most the compute and at least the accuracy. In
 * order of compute; of equal points the first stays.
 *
 * @throws {RangeError} for a value that is not finite, or compute that is not above 0.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { paretoFront } from "./paper_compute.ts";
 *
 * const front = paretoFront([
 *   { compute: 1, accuracy: 0.5 },
 *   { compute: 3, accuracy: 0.7 },
 *   { compute: 2, accuracy: 0.4 },
 * ]);
 * assert.deepEqual(front.map(({ compute }) => compute), [1, 3]);
 * ```
 */
export function paretoFront<T extends ComputePoint>(points: readonly T[]): T[] {
  const bad = points.find(({ compute, accuracy }) =>
    !(compute > 0 && compute < Infinity && Number.isFinite(accuracy))
  );
  if (bad !== undefined) {
    throw new RangeError(
      `a point of the front: seen compute ${bad.compute}, accuracy ${bad.accuracy}; allowed: compute ` +
        "above 0, both finite",
    );
  }
  const ordered = [...points].sort((a, b) => a.compute - b.compute || b.accuracy - a.accuracy);
  let best = -Infinity;
  return ordered.filter(({ accuracy }) => {
    if (accuracy <= best) return false;
    best = accuracy;
    return true;
  });
}
