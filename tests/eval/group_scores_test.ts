import assert from "node:assert/strict";
import { evaluateModel } from "../../src/eval/evaluate.ts";
import { frequentClasses } from "../../src/eval/frequent_classes.ts";
import { groupScores } from "../../src/eval/group_scores.ts";
import { resultRows } from "../../src/eval/result_rows.ts";
import { NativeContext } from "../../src/native/context.ts";
import { contrastive } from "../../src/tensor/ops/contrastive.ts";
import { FixedTensor } from "../../src/tensor/fixed_tensor.ts";
import { Tape } from "../../src/tensor/tape.ts";
import { randomRows } from "./random_rows.ts";

const WIDTH = 12, SIZE = 20, GROUPS = 3, SCALE = 3;
const images = randomRows(SIZE * GROUPS, WIDTH, 1);
const texts = randomRows(SIZE * GROUPS, WIDTH, 2).map((v, i) => 0.75 * v + 0.25 * images[i]);

Deno.test("groupScores gives the loss and the hits of the training loss when groups are batches", async () => {
  using context = new NativeContext({ threads: 1 });
  const expected: { loss: number; hits: number[] }[] = [];
  for (let group = 0; group < GROUPS; group++) {
    const rows = (all: Float32Array) => all.slice(group * SIZE * WIDTH, (group + 1) * SIZE * WIDTH);
    using image = new FixedTensor(context, [SIZE, WIDTH], { values: rows(images) });
    using text = new FixedTensor(context, [SIZE, WIDTH], { values: rows(texts) });
    using scale = new FixedTensor(context, [1], { values: Float32Array.of(Math.log(SCALE)) });
    const tape = new Tape(context);
    const { loss, hits } = contrastive(tape, image, text, scale);
    tape.retain(loss);
    tape.retain(hits);
    using program = tape.compile();
    await program.run();
    expected.push({ loss: loss.read()[0], hits: [...hits.read()] });
  }
  const scores = groupScores(images, texts, { width: WIDTH, size: SIZE, scale: SCALE });
  const mean = (of: (e: typeof expected[0]) => number) =>
    expected.reduce((sum, e) => sum + of(e), 0) / GROUPS;
  assert.ok(Math.abs(scores.loss.value - mean(({ loss }) => loss)) < 1e-5);
  assert.equal(scores.i2t.value.toFixed(9), mean(({ hits }) => hits[0] / SIZE).toFixed(9));
  assert.equal(scores.t2i.value.toFixed(9), mean(({ hits }) => hits[1] / SIZE).toFixed(9));
  assert.ok(
    scores.i2t.value > 0.1 && scores.i2t.value < 1,
    "the case should be neither chance nor perfect",
  );
  const spread = Math.sqrt(
    expected.reduce((sum, e) => sum + (e.loss - mean(({ loss }) => loss)) ** 2, 0) / 2 / 3,
  );
  assert.ok(Math.abs(scores.loss.se - spread) < 1e-5);
});

Deno.test("groupScores counts ties as wrong and is chance when all rows are the same", () => {
  const same = new Float32Array(8 * 2).fill(Math.SQRT1_2);
  const { loss, i2t, t2i } = groupScores(same, same, { width: 2, size: 4, scale: 50 });
  assert.ok(Math.abs(loss.value - Math.log(4)) < 1e-12);
  assert.deepEqual([i2t.value, t2i.value], [0, 0]);
});

Deno.test("groupScores refuses when the rows are not whole groups", () => {
  const rows = new Float32Array(6);
  assert.throws(
    () => groupScores(rows, rows, { width: 2, size: 2, scale: 1 }),
    /seen 3 pictures.*groups of 2/,
  );
  assert.throws(
    () => groupScores(rows, new Float32Array(4), { width: 2, size: 3, scale: 1 }),
    RangeError,
  );
});

Deno.test("evaluateModel measures groups of pairs and asks for the scale when it is the loss", async () => {
  const bench = {
    kind: "pairs",
    name: "heldout-loss",
    split: "val",
    rows: Array.from({ length: SIZE * GROUPS }, (_, i) => i),
    captions: Array.from({ length: SIZE * GROUPS }, (_, i) => `${i}`),
    group: SIZE,
  } as const;
  const pick = (all: Float32Array, rows: readonly number[]) =>
    Float32Array.from(rows.flatMap((row) => [...all.subarray(row * WIDTH, (row + 1) * WIDTH)]));
  const model = {
    width: WIDTH,
    resolution: 32,
    textTokens: 8,
    embedImages: (rows: readonly number[]) => pick(images, rows),
    embedTexts: (asked: readonly string[]) => ({
      features: pick(texts, asked.map(Number)),
      truncated: 0,
    }),
  };
  await assert.rejects(
    evaluateModel(model, { ...bench, measure: "loss" }),
    /does not carry its similarity scale/,
  );
  const expected = groupScores(images, texts, { width: WIDTH, size: SIZE, scale: SCALE });
  assert.ok(expected.loss.value > 1, "a loss is no fraction");
  const [loss] = await evaluateModel({ ...model, logitScale: SCALE }, {
    ...bench,
    measure: "loss",
  });
  const [row] = resultRows(loss);
  assert.deepEqual([row.metric, row.value, row.se, row.n, row.classes], [
    "loss",
    expected.loss.value,
    expected.loss.se,
    60,
    SIZE,
  ]);
  const [recall] = await evaluateModel(model, { ...bench, measure: "recall" });
  assert.deepEqual(resultRows(recall).map(({ metric, value }) => [metric, value]), [
    ["i2t.r1", expected.i2t.value],
    ["t2i.r1", expected.t2i.value],
  ]);
});

Deno.test("frequentClasses keeps the largest classes with their pictures, earlier ones first in a tie", () => {
  const bench = {
    kind: "classification",
    name: "b",
    split: "test",
    classes: ["a", "b", "c", "d"],
    rows: [10, 11, 12, 13, 14, 15, 16],
    labels: [3, 1, 0, 3, 2, 1, 0],
  } as const;
  assert.deepEqual(frequentClasses(bench, 3), {
    ...bench,
    classes: ["a", "b", "d"],
    rows: [10, 11, 12, 13, 15, 16],
    labels: [2, 1, 0, 2, 1, 0],
  });
  assert.throws(() => frequentClasses(bench, 5), /b: seen 4 classes; 5 are asked for/);
});

Deno.test("evaluateModel tells hits and pictures of each class, which add up to the accuracy", async () => {
  const labels = [0, 1, 1, 2];
  const axis = (i: number) => [0, 1, 2].map((k) => k === i ? 1 : 0);
  const [result] = await evaluateModel({
    width: 3,
    resolution: 8,
    textTokens: 4,
    embedImages: (rows) => Float32Array.from(rows.flatMap((row) => axis([0, 1, 2, 0][row]))),
    embedTexts: (asked) => ({
      features: Float32Array.from(asked.flatMap((text) => axis("abc".indexOf(text.at(-1)!)))),
      truncated: 0,
    }),
  }, {
    kind: "classification",
    name: "x",
    split: "test",
    classes: ["a", "b", "c"],
    rows: [0, 1, 2, 3],
    labels,
  }, { templates: ["{}"] });
  assert.ok(result.kind === "zero-shot");
  assert.deepEqual([result.classHits, result.classSizes], [[1, 1, 0], [1, 2, 1]]);
  assert.equal(result.top1, 0.5);
});
