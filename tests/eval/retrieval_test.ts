import assert from "node:assert/strict";
import { retrieval } from "../../src/eval/retrieval.ts";
import { randomRows } from "./random_rows.ts";

Deno.test("retrieval equals the full score table when nothing is tied", () => {
  const [n, width] = [83, 9];
  const images = randomRows(n, width, 1);
  // Captions near their picture, so that the recalls differ.
  const noise = randomRows(n, width, 2);
  const texts = images.map((x, i) => x + 1.2 * noise[i]);
  const table = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => {
      let sum = 0;
      for (let k = 0; k < width; k++) sum += images[i * width + k] * texts[j * width + k];
      return sum;
    }));
  const recall = (own: number[], others: (i: number) => number[], k: number) =>
    own.filter((score, i) => others(i).filter((x) => x > score).length < k).length / n;
  const own = table.map((row, i) => row[i]);
  const column = (j: number) => table.map((row) => row[j]);
  const expected = {
    i2t: Object.fromEntries([1, 5, 10].map((k) => [`r${k}`, recall(own, (i) => table[i], k)])),
    t2i: Object.fromEntries([1, 5, 10].map((k) => [`r${k}`, recall(own, column, k)])),
    n,
  };
  const scores = retrieval(images, texts, width);
  assert.deepEqual(scores, expected);
  assert.ok(scores.i2t.r1 > 0.1 && scores.i2t.r1 < scores.i2t.r10 && scores.t2i.r10 < 1);
});

Deno.test("retrieval gives 0 in both directions when all embeddings are equal", () => {
  const row = randomRows(1, 24, 3);
  const rows = Float32Array.from({ length: 100 * 24 }, (_, i) => row[i % 24]);
  const zero = { r1: 0, r5: 0, r10: 0 };
  assert.deepEqual(retrieval(rows, rows, 24), { i2t: zero, t2i: zero, n: 100 });
});

Deno.test("retrieval counts a direction apart when captions collapse and pictures do not", () => {
  const images = Float32Array.of(1, 0, 0, 1);
  const texts = Float32Array.of(1, 0, 1, 0);
  const { i2t, t2i } = retrieval(images, texts, 2);
  assert.equal(i2t.r1, 0);
  assert.equal(t2i.r1, 0.5);
});

Deno.test("retrieval refuses when pictures and captions differ in number", () => {
  assert.throws(
    () => retrieval(randomRows(3, 4, 4), randomRows(2, 4, 4), 4),
    /texts: seen 8 values/,
  );
  assert.throws(() => retrieval(randomRows(3, 4, 4), randomRows(3, 4, 4), 5), TypeError);
});
