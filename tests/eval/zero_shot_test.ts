import assert from "node:assert/strict";
import { classEmbeddings } from "../../src/eval/class_embeddings.ts";
import { zeroShot } from "../../src/eval/zero_shot.ts";
import { randomRows } from "./random_rows.ts";

const WIDTH = 16;

Deno.test("zeroShot gives 0 when all class embeddings are equal", () => {
  const one = randomRows(1, WIDTH, 1);
  const classes = Float32Array.from({ length: 30 * WIDTH }, (_, i) => one[i % WIDTH]);
  const labels = Array.from({ length: 50 }, (_, i) => i % 30);
  const { top1, top5, n, se } = zeroShot({
    images: randomRows(50, WIDTH, 2),
    classes,
    width: WIDTH,
    labels,
  });
  assert.deepEqual({ top1, top5, n, se }, { top1: 0, top5: 0, n: 50, se: 0 });
});

Deno.test("zeroShot counts only the tied pictures as wrong when two classes are equal", () => {
  const classes = randomRows(8, WIDTH, 3);
  classes.copyWithin(7 * WIDTH, 6 * WIDTH, 7 * WIDTH);
  const labels = [0, 1, 2, 3, 4, 5, 6, 7];
  const { top1, top5 } = zeroShot({
    images: classes.map((x) => x * 9),
    classes,
    width: WIDTH,
    labels,
  });
  // A row's product with itself is the largest here, but for the twins.
  assert.equal(top1, 6 / 8);
  assert.equal(top5, 1);
});

Deno.test("zeroShot equals a sort by score when nothing is tied", () => {
  const [images, classes] = [randomRows(60, WIDTH, 4), randomRows(11, WIDTH, 5)];
  const labels = Array.from({ length: 60 }, (_, i) => (i * 5) % 11);
  const places = labels.map((label, i) => {
    const score = (c: number) => {
      let sum = 0;
      for (let k = 0; k < WIDTH; k++) sum += images[i * WIDTH + k] * classes[c * WIDTH + k];
      return sum;
    };
    return Array.from({ length: 11 }, (_, c) => c).sort((a, b) => score(b) - score(a)).indexOf(
      label,
    );
  });
  const scores = zeroShot({ images, classes, width: WIDTH, labels });
  assert.deepEqual([...scores.ranks], places);
  assert.equal(scores.top1, places.filter((place) => place < 1).length / 60);
  assert.equal(scores.top5, places.filter((place) => place < 5).length / 60);
  assert.equal(scores.classes, 11);
  assert.ok(Math.abs(scores.se - Math.sqrt(scores.top1 * (1 - scores.top1) / 60)) < 1e-15);
});

Deno.test("zeroShot splits the accuracy when groups are given", () => {
  const classes = Float32Array.of(1, 0, 0, 1);
  const scores = zeroShot({
    images: Float32Array.of(1, 0, 1, 0, 0, 1),
    classes,
    width: 2,
    labels: [0, 1, 1],
    groups: ["ph", "carbon", "carbon"],
  });
  assert.deepEqual(Object.keys(scores.perGroup!), ["carbon", "ph"]);
  assert.deepEqual(scores.perGroup!.ph, { top1: 1, top5: 1, n: 1, se: 0 });
  assert.equal(scores.perGroup!.carbon.top1, 0.5);
  assert.equal(scores.perGroup!.carbon.n, 2);
  assert.throws(
    () => zeroShot({ images: classes, classes, width: 2, labels: [0, 1], groups: ["ph"] }),
    /groups: seen 1 names/,
  );
});

Deno.test("zeroShot refuses when a label is not a class", () => {
  const rows = randomRows(2, WIDTH, 6);
  assert.throws(
    () => zeroShot({ images: rows, classes: rows, width: WIDTH, labels: [0, 2] }),
    /own\[1\]: seen 2; allowed: 0 to 1/,
  );
});

Deno.test("classEmbeddings weighs prompts equally when their lengths differ", () => {
  const prompts = randomRows(3 * 4, WIDTH, 7);
  const scaled = prompts.map((x, i) => x * (1 + Math.floor(i / WIDTH) % 4));
  const [plain, long] = [classEmbeddings(prompts, 4, WIDTH), classEmbeddings(scaled, 4, WIDTH)];
  plain.forEach((value, i) => assert.ok(Math.abs(value - long[i]) < 1e-6));
  for (let c = 0; c < 3; c++) {
    const norm = Math.hypot(...plain.subarray(c * WIDTH, (c + 1) * WIDTH));
    assert.ok(Math.abs(norm - 1) < 1e-6);
  }
});

Deno.test("classEmbeddings follows the definition when it is written out", () => {
  const prompts = randomRows(2 * 3, WIDTH, 8);
  const rows = Array.from({ length: 6 }, (_, i) => {
    const row = [...prompts.subarray(i * WIDTH, (i + 1) * WIDTH)];
    return row.map((x) => x / Math.hypot(...row));
  });
  const expected = [rows.slice(0, 3), rows.slice(3)].flatMap((group) => {
    const mean = group[0].map((_, k) => (group[0][k] + group[1][k] + group[2][k]) / 3);
    return mean.map((x) => x / Math.hypot(...mean));
  });
  classEmbeddings(prompts, 3, WIDTH).forEach((x, i) => assert.ok(Math.abs(x - expected[i]) < 1e-6));
});

Deno.test("classEmbeddings keeps zeros when prompts are zero or cancel out", () => {
  assert.deepEqual([...classEmbeddings(Float32Array.of(0, 0, 1, 0, -1, 0, 0, 0), 2, 2)], [
    1,
    0,
    -1,
    0,
  ]);
  assert.deepEqual([...classEmbeddings(Float32Array.of(2, 0, -3, 0), 2, 2)], [0, 0]);
  assert.throws(() => classEmbeddings(new Float32Array(6), 2, 2), TypeError);
});
