import { exactScore } from "../../src/eval/search/exact_score.ts";
import { unitVector } from "../../src/eval/search/search_index.ts";
import type { RowHit } from "../../src/eval/search/search_index.ts";

/** Rows as an index holds them: unit length in float32, rows of zeros as they are. */
export function unitRows(rows: Float32Array, width: number): Float32Array {
  const out = rows.slice();
  for (let at = 0; at < out.length; at += width) {
    const row = out.subarray(at, at + width);
    if (row.some((value) => value !== 0)) row.set(unitVector(row));
  }
  return out;
}

/** The `top` best rows by a full scan in exact scores; equal scores by row. */
export function bruteForce(
  rows: Float32Array,
  width: number,
  query: Float32Array,
  top: number,
): RowHit[] {
  const unit = unitRows(rows, width), direction = unitVector(query);
  return Array.from({ length: rows.length / width }, (_, row) => ({
    row,
    score: exactScore(unit, row * width, direction, width),
  })).sort((a, b) => b.score - a.score || a.row - b.row).slice(0, top);
}

/** Repeatable numbers from 0 to 1. */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Values near a bell curve. */
export function gaussian(count: number, seed: number): Float32Array {
  const next = numbers(seed);
  return Float32Array.from({ length: count }, () => next() + next() + next() + next() - 2);
}
