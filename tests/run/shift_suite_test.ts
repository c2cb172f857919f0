import assert from "node:assert/strict";
import { corruptPicture } from "../../src/data/images/corrupt_picture.ts";
import type { Bench } from "../../src/eval/bench.ts";
import type { EvalEncoder } from "../../src/eval/eval_encoder.ts";
import { SHIFT_SUITE } from "../../src/eval/shift_suite.ts";
import { evaluateBenches } from "../../src/run/evaluate_benches.ts";
import { benchNames, benchPictures, expandBenches, openBench } from "../../src/run/open_bench.ts";
import { recordPicture } from "../../src/run/record_picture.ts";
import { makeSmallSet } from "./small_set.ts";

/** The small set with its benchmark under the name that the suite is based on. */
async function withSet(body: (set: ReturnType<typeof makeSmallSet>) => Promise<void> | void) {
  const dir = Deno.makeTempDirSync();
  try {
    const set = makeSmallSet(dir);
    await body({ ...set, benches: { ...set.benches, "icons-592": set.benches.small } });
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

Deno.test("benchNames adds the corruptions when the data set has their pictures", async () => {
  await withSet((set) => {
    assert.deepEqual(benchNames(set), [
      "small",
      "icons-592",
      "shift-hard",
      "icons-100",
      "heldout-loss",
      "retrieval-256",
      ...Object.keys(SHIFT_SUITE),
    ]);
    const without = { ...set, benches: { small: set.benches.small } };
    assert.deepEqual(benchNames(without), ["small"]);
    assert.deepEqual(expandBenches(set, ["shift-rotation-*", "small", "shift-rotation-15"]), [
      "shift-rotation-15",
      "shift-rotation-30",
      "shift-rotation-90",
      "small",
    ]);
    assert.throws(
      () => expandBenches(without, ["shift-*"]),
      /unknown benchmark "shift-\*"; allowed: small/,
    );
  });
});

Deno.test("openBench shows the pictures of icons-592 spoilt when a corruption is asked for", async () => {
  await withSet(async (set) => {
    const plain = await openBench(set, "icons-592");
    assert.equal(plain.corruption, null);
    for (const [name, { corruption }] of Object.entries(SHIFT_SUITE)) {
      const { bench, records, corruption: found } = await openBench(set, name);
      const { name: _, ...rest } = plain.bench;
      assert.deepEqual(bench, { name, ...rest } as Bench);
      assert.deepEqual(found, corruption);
      const rows = [3, 0];
      const shown = await benchPictures(records, rows, records.size, "bilinear", found);
      const straight = await benchPictures(records, rows, records.size, "bilinear");
      assert.notDeepEqual(shown, straight, name);
      for (const [i, row] of rows.entries()) {
        const spoilt = await corruptPicture(recordPicture(records, row), corruption, row);
        const one = records.size ** 2 * 3;
        const gray = shown.subarray(i * one, (i + 1) * one).filter((_, at) => at % 3 === 0);
        assert.deepEqual(gray, spoilt.pixels, name);
      }
    }
  });
});

Deno.test("evaluateBenches gives each result its data set and families when a bench is derived", async () => {
  await withSet(async (set) => {
    const sizes: number[] = [];
    const encoder: EvalEncoder = {
      engine: "native",
      provider: "cpu",
      width: 2,
      resolution: 8,
      textTokens: 4,
      filter: "bilinear",
      embedPixels(pixels) {
        sizes.push(pixels.length);
        return Promise.resolve(new Float32Array(pixels.length / (8 * 8 * 3) * 2).fill(1));
      },
      embedTexts: (texts) =>
        Promise.resolve({ features: new Float32Array(texts.length * 2).fill(1), truncated: 0 }),
    };
    const [result] = await evaluateBenches(encoder, set, ["shift-inverted"]);
    assert.deepEqual(sizes, [64 * 8 * 8 * 3]);
    assert.ok(result.kind === "zero-shot");
    assert.deepEqual(
      [result.bench, result.dataSet, result.n, result.classes, result.top1, result.resolution],
      ["shift-inverted", set.dir.split("/").at(-1), 64, 64, 0, 8],
    );
    assert.deepEqual(Object.keys(result.perGroup ?? {}), ["a"]);
  });
});
