import assert from "node:assert/strict";
import { worstRanks } from "../../src/eval/worst_ranks.ts";
import { randomRows } from "./random_rows.ts";

/** The definition: all scores of one query, then count. */
function slowRanks(a: Float32Array, b: Float32Array, width: number, own: number[]): number[] {
  const row = (x: Float32Array, i: number) => x.subarray(i * width, (i + 1) * width);
  return own.map((target, i) => {
    const scores = Array.from(
      { length: b.length / width },
      (_, j) => row(b, j).reduce((sum, value, k) => sum + value * row(a, i)[k], 0),
    );
    return scores.filter((score, j) => j !== target && score >= scores[target]).length;
  });
}

for (const [queries, targets, width] of [[1, 1, 1], [7, 5, 3], [33, 67, 20], [10, 130, 65]]) {
  Deno.test(`worstRanks equals the plain count when ${queries} x ${targets} rows have ${width} features`, () => {
    const a = randomRows(queries, width, 1);
    const b = randomRows(targets, width, 2);
    const own = Array.from({ length: queries }, (_, i) => (i * 7) % targets);
    assert.deepEqual([...worstRanks(a, b, width, own)], slowRanks(a, b, width, own));
  });
}

Deno.test("worstRanks counts every equal target when all embeddings are equal", () => {
  // 131 targets: the equal ones meet in full and in cut tiles.
  const row = randomRows(1, 37, 3);
  const targets = new Float32Array(131 * 37).map((_, i) => row[i % 37]);
  const ranks = worstRanks(row, targets, 37, [64]);
  assert.deepEqual([...ranks], [130]);
});

Deno.test("worstRanks gives the same ranks when the queries come in chunks", () => {
  const [a, b] = [randomRows(40, 12, 4), randomRows(40, 12, 5)];
  const own = Array.from({ length: 40 }, (_, i) => i);
  const whole = [...worstRanks(a, b, 12, own)];
  const parts = [[0, 13], [13, 14], [14, 40]].flatMap(([from, to]) => [
    ...worstRanks(a.subarray(from * 12, to * 12), b, 12, own.slice(from, to)),
  ]);
  assert.deepEqual(parts, whole);
});

Deno.test("worstRanks gives no hit when a score is not a number", () => {
  const targets = Float32Array.of(1, 0, NaN, 0);
  assert.deepEqual([...worstRanks(Float32Array.of(1, 0), targets, 2, [0])], [1]);
  assert.deepEqual([...worstRanks(Float32Array.of(NaN, 0), targets, 2, [0])], [1]);
});

Deno.test("worstRanks refuses when shapes or indices do not fit", () => {
  const rows = randomRows(2, 4, 6);
  assert.throws(() => worstRanks(rows, rows, 3, [0, 1]), /queries: seen 8 values; .* width 3/);
  assert.throws(() => worstRanks(rows, new Float32Array(0), 4, [0, 1]), /targets: seen 0 values/);
  assert.throws(() => worstRanks(rows, rows, 4, [0]), TypeError);
  for (const bad of [2, -1, 0.5, NaN]) {
    assert.throws(() => worstRanks(rows, rows, 4, [0, bad]), /own\[1\]: seen .*; allowed: 0 to 1/);
  }
});
