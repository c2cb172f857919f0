/** Mean over groups of pairs, with the standard error that the groups' spread gives. */
export interface GroupMean {
  readonly value: number;
  readonly se: number;
}

/** What groups of pairs are measured on. */
export interface GroupScores {
  /** Symmetric InfoNCE of a group, in nats: the training loss on pairs that training never saw. */
  readonly loss: GroupMean;
  /** Share of the pictures whose caption scores strictly highest of its group. */
  readonly i2t: GroupMean;
  /** Share of the captions whose picture scores strictly highest of its group. */
  readonly t2i: GroupMean;
  readonly groups: number;
}

/**
 * Contrastive loss and recall at 1 inside groups of pairs, as in training batches of that size. Unlike
 * a retrieval among all pairs, the chance level, 1 / size, does not depend on how many pairs there are.
 *
 * @param images [groups * size, width] Unit vectors; row i belongs to row i of the texts.
 * @param texts [groups * size, width]
 * @param scale Similarity scale, as a factor.
 * @throws {RangeError} when the rows are not whole groups of at least two.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { groupScores } from "./group_scores.ts";
 *
 * const rows = Float32Array.of(1, 0, 0, 1);
 * const { loss, i2t } = groupScores(rows, rows, { width: 2, size: 2, scale: 1 });
 * assert.ok(Math.abs(loss.value - Math.log(1 + Math.exp(-1))) < 1e-12);
 * assert.equal(i2t.value, 1);
 * ```
 */
export function groupScores(
  images: Float32Array,
  texts: Float32Array,
  { width, size, scale }: { width: number; size: number; scale: number },
): GroupScores {
  const groups = images.length / width / size;
  if (!Number.isInteger(groups) || groups < 1 || size < 2 || texts.length !== images.length) {
    throw new RangeError(
      `pairs: seen ${images.length / width} pictures and ${texts.length / width} texts; allowed: ` +
        `as many of each, in whole groups of ${size} (2 or more)`,
    );
  }
  const losses: number[] = [], i2t: number[] = [], t2i: number[] = [];
  for (let group = 0; group < groups; group++) {
    const from = group * size * width, to = from + size * width;
    const logits = similarities(images.subarray(from, to), texts.subarray(from, to), width, scale);
    const rows = crossEntropy(logits, size, size, 1);
    const columns = crossEntropy(logits, size, 1, size);
    losses.push((rows.loss + columns.loss) / 2);
    i2t.push(rows.hits / size);
    t2i.push(columns.hits / size);
  }
  return { loss: meanOf(losses), i2t: meanOf(i2t), t2i: meanOf(t2i), groups };
}

/** [size, size]: scale x image i . text j. */
function similarities(
  images: Float32Array,
  texts: Float32Array,
  width: number,
  scale: number,
): Float64Array {
  const size = images.length / width;
  const out = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      let dot = 0;
      for (let k = 0; k < width; k++) dot += images[i * width + k] * texts[j * width + k];
      out[i * size + j] = scale * dot;
    }
  }
  return out;
}

/** Mean cross-entropy of the diagonal, and how often it is strictly largest; `own` steps to the next query. */
function crossEntropy(logits: Float64Array, size: number, own: number, other: number) {
  let loss = 0, hits = 0;
  for (let i = 0; i < size; i++) {
    const partner = logits[i * own + i * other];
    let most = -Infinity, rivals = -Infinity;
    for (let j = 0; j < size; j++) {
      const value = logits[i * own + j * other];
      most = Math.max(most, value);
      if (j !== i) rivals = Math.max(rivals, value);
    }
    let sum = 0;
    for (let j = 0; j < size; j++) sum += Math.exp(logits[i * own + j * other] - most);
    loss += (most + Math.log(sum) - partner) / size;
    if (partner > rivals) hits++;
  }
  return { loss, hits };
}

function meanOf(values: readonly number[]): GroupMean {
  const n = values.length;
  const value = values.reduce((sum, v) => sum + v, 0) / n;
  const squares = values.reduce((sum, v) => sum + (v - value) ** 2, 0);
  return { value, se: n > 1 ? Math.sqrt(squares / (n - 1) / n) : NaN };
}
