import assert from "node:assert/strict";
import type { ClassificationBench } from "../../src/eval/bench.ts";
import { loadBench } from "../../src/eval/load_bench.ts";
import { probeSplits } from "../../src/run/probe_bench.ts";
import { makeSmallSet } from "./small_set.ts";

Deno.test("probeSplits takes training and validation pictures of the classes and no test picture", () => {
  const dir = Deno.makeTempDirSync();
  try {
    const set = makeSmallSet(dir);
    const bench = loadBench(set.benches.small) as ClassificationBench;
    const { train, validation } = probeSplits(set, bench, null);
    assert.deepEqual([train.records.path, validation.records.path], [set.train, set.val]);
    assert.deepEqual([train.rows.length, validation.rows.length], [384, 64]);
    for (const { records, rows, labels } of [train, validation]) {
      rows.forEach((row, i) => assert.equal(records.phraseOf(row), bench.classes[labels[i]]));
    }
    const some = { ...bench, classes: bench.classes.slice(3, 7) };
    const few = probeSplits(set, some, 2);
    assert.deepEqual(few.train.labels, [0, 0, 1, 1, 2, 2, 3, 3]);
    assert.deepEqual(probeSplits(set, some, 2).train.rows, few.train.rows);
    const own = { ...set, val: set.train };
    assert.equal(probeSplits(own, { ...some, split: "val" }, null).validation.rows.length, 4);
    const held = probeSplits(own, { ...some, split: "val" }, null);
    assert.equal(held.train.rows.length, 20);
    const both = [...held.train.rows, ...held.validation.rows];
    assert.equal(new Set(both).size, both.length, "no picture is in both");
    assert.throws(
      () => probeSplits(set, { ...bench, classes: ["never drawn"] }, null),
      /probe of "small": seen no train picture of its 1 classes; allowed: .*icons-592/,
    );
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
