import assert from "node:assert/strict";
import { createRecordWriter } from "../../src/data/records/record_writer.ts";
import { HOG_LENGTH, HOG_SIDE, hogOf } from "../../src/eval/hog.ts";
import { openBench } from "../../src/run/open_bench.ts";
import { makeSmallSet } from "./small_set.ts";

const stripes = (vertical: boolean) =>
  Uint8Array.from({ length: HOG_SIDE * HOG_SIDE }, (_, i) => {
    const along = vertical ? i % HOG_SIDE : Math.floor(i / HOG_SIDE);
    return along % 8 < 4 ? 0 : 255;
  });

Deno.test("hogOf puts the strength into the bin of the direction when stripes are given", () => {
  for (const [vertical, bin] of [[true, 0], [false, 4]] as const) {
    const hog = hogOf(stripes(vertical));
    assert.equal(hog.length, HOG_LENGTH);
    hog.forEach((value, i) => assert.equal(value > 0, i % 8 === bin, `${i}: ${value}`));
    const length = Math.sqrt(hog.reduce((sum, value) => sum + value * value, 0));
    assert.ok(Math.abs(length - 1) < 1e-12);
  }
  assert.ok(hogOf(new Uint8Array(HOG_SIDE * HOG_SIDE).fill(9)).every((value) => value === 0));
  // Ink and paper exchanged: the same edges.
  assert.deepEqual(hogOf(stripes(true).map((value) => 255 - value)), hogOf(stripes(true)));
});

Deno.test("shift-hard has the pictures that look like another class when a baseline names them", async () => {
  const dir = Deno.makeTempDirSync();
  try {
    const set = makeSmallSet(dir);
    const write = (split: string, rows: [phrase: string, vertical: boolean][]) => {
      const path = `${dir}/baked/${split}-stripes.bin`;
      using writer = createRecordWriter(path, { side: HOG_SIDE, families: ["a"], sets: ["a"] });
      rows.forEach(([phrase, vertical], i) => {
        const captions = [{ level: 1, text: phrase }];
        const place = { key: `${split}:${i}`, set: "a", family: "a", phrase };
        writer.add({ ...place, pixels: stripes(vertical), captions });
      });
      writer.close();
      return path;
    };
    const train = write("train", [
      ["fence", true],
      ["ladder", false],
      ["something else", false],
      ["ladder", false],
      ["fence", true],
    ]);
    const test = write("test", [["fence", true], ["fence", false], ["ladder", false], [
      "ladder",
      true,
    ]]);
    const bench = {
      kind: "classification",
      name: "icons-592",
      split: "test",
      classes: ["fence", "never drawn", "ladder"],
      rows: [0, 1, 2, 3],
      labels: [0, 0, 2, 2],
    };
    Deno.writeTextFileSync(`${dir}/bench/icons-592.json`, JSON.stringify(bench));
    const benches = { "icons-592": `${dir}/bench/icons-592.json` };
    const progress: [number, number][] = [];
    const open = () =>
      openBench({ ...set, train, test, benches }, "shift-hard", {
        onProgress: (done, total) => progress.push([done, total]),
      });
    const first = await open();
    assert.deepEqual(first.bench, { ...bench, name: "shift-hard", rows: [1, 3], labels: [0, 2] });
    assert.equal(first.corruption, null);
    assert.deepEqual(progress.at(-1), [8, 8]);
    const steps = progress.length;
    assert.deepEqual((await open()).bench, first.bench);
    assert.equal(progress.length, steps, "the choice is kept");
    Deno.writeTextFileSync(`${dir}/shift-hard-v1.json`, "damaged");
    assert.deepEqual((await open()).bench, first.bench);
    const signal = AbortSignal.abort();
    Deno.removeSync(`${dir}/shift-hard-v1.json`);
    await assert.rejects(
      openBench({ ...set, train, test, benches }, "shift-hard", { signal }),
      { name: "AbortError" },
    );
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
