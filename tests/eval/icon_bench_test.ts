import assert from "node:assert/strict";
import type { IconBenchmark } from "../../src/data/icons/benchmark.ts";
import type { Bench } from "../../src/eval/bench.ts";
import { loadBench } from "../../src/eval/load_bench.ts";

Deno.test("loadBench reads what the icon builder writes when both types are compared", () => {
  // The annotations are half of the test: the builder's types must fit the evaluation's.
  const written: IconBenchmark[] = [
    {
      name: "icons-592",
      kind: "classification",
      about: "icons by held-out designers",
      split: "test",
      classes: ["cat"],
      rows: [0],
      labels: [0],
      nearCopiesDropped: 1,
    },
    {
      name: "retrieval-ph",
      kind: "retrieval",
      about: "pictures of ph and their captions",
      split: "test",
      rows: [0],
      captions: { name: ["cat"], long: ["monochrome icon of cat"] },
      nearCopiesDropped: 0,
    },
  ];
  const path = Deno.makeTempFileSync();
  for (const bench of written) {
    const asBench: Bench = bench;
    Deno.writeTextFileSync(path, JSON.stringify(bench));
    assert.deepEqual(loadBench(path).rows, asBench.rows);
    assert.equal(loadBench(path).kind, asBench.kind);
  }
  Deno.removeSync(path);
});
