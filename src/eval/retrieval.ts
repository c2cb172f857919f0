import { hitRate } from "./hit_rate.ts";
import { worstRanks } from "./worst_ranks.ts";

/** Share of the queries whose partner is among the first 1, 5 and 10, from 0 to 1. */
export interface Recall {
  r1: number;
  r5: number;
  r10: number;
}

/** Recall in both directions. */
export interface RetrievalScores {
  /** A picture looks for its caption. */
  i2t: Recall;
  /** A caption looks for its picture. */
  t2i: Recall;
  /** Pairs. */
  n: number;
}

/**
 * Retrieval among pairs: row `i` of the pictures belongs to row `i` of the captions. Ties count as
 * wrong. Memory does not grow with the square of the pairs.
 *
 * @param images [n, width]
 * @param texts [n, width]
 * @throws {TypeError} when the shapes differ or are not whole rows.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { retrieval } from "./retrieval.ts";
 *
 * const rows = Float32Array.of(1, 0, 0, 1);
 * assert.equal(retrieval(rows, rows, 2).i2t.r1, 1);
 * ```
 */
export function retrieval(
  images: Float32Array,
  texts: Float32Array,
  width: number,
): RetrievalScores {
  if (images.length !== texts.length) {
    throw new TypeError(
      `texts: seen ${texts.length} values; allowed: as many as the pictures have, ${images.length}`,
    );
  }
  const own = Uint32Array.from({ length: images.length / width }, (_, i) => i);
  return {
    i2t: recall(worstRanks(images, texts, width, own)),
    t2i: recall(worstRanks(texts, images, width, own)),
    n: own.length,
  };
}

function recall(ranks: Int32Array): Recall {
  return { r1: hitRate(ranks, 1), r5: hitRate(ranks, 5), r10: hitRate(ranks, 10) };
}
