import assert from "node:assert/strict";
import { openRecords } from "../../src/data/records/records.ts";
import { expandBenches, openBench } from "../../src/run/open_bench.ts";
import { pairBench } from "../../src/run/pair_bench.ts";
import { makeSmallSet } from "./small_set.ts";

function withSet(body: (set: ReturnType<typeof makeSmallSet>) => void | Promise<void>) {
  const dir = Deno.makeTempDirSync();
  return Promise.resolve(body(makeSmallSet(dir))).finally(() =>
    Deno.removeSync(dir, { recursive: true })
  );
}

Deno.test("pairBench takes each name once, in whole groups, the same rows each time", () =>
  withSet((set) => {
    const records = openRecords(set.train);
    const bench = pairBench("retrieval-256", records, 20);
    assert.deepEqual([bench.rows.length, bench.group, bench.measure, bench.split], [
      60,
      20,
      "recall",
      "test",
    ]);
    assert.equal(new Set(bench.captions).size, 60);
    bench.rows.forEach((row, i) => assert.equal(records.phraseOf(row), bench.captions[i]));
    assert.deepEqual(pairBench("retrieval-256", records, 20), bench);
    assert.ok(
      new Set(bench.rows.map((row) => Math.floor(row / 64))).size > 1,
      "not only the first copy",
    );
  }));

Deno.test("pairBench says how many names there are when they do not fill a group", () =>
  withSet((set) => {
    assert.throws(
      () => pairBench("heldout-loss", openRecords(set.val)),
      /val split has 64 names; 256/,
    );
  }));

Deno.test("openBench makes icons-100 of icons-592 and knows the groups of pairs", () =>
  withSet(async (set) => {
    const small = JSON.parse(Deno.readTextFileSync(set.benches.small));
    const classes = [...small.classes, ...Array.from({ length: 60 }, (_, i) => `more ${i}`)];
    Deno.writeTextFileSync(
      `${set.dir}/bench/big.json`,
      JSON.stringify({ ...small, name: "icons-592", classes }),
    );
    const benches = { ...set.benches, "icons-592": `${set.dir}/bench/big.json` };
    const { bench } = await openBench({ ...set, benches }, "icons-100");
    assert.ok(bench.kind === "classification");
    assert.deepEqual([bench.name, bench.classes.length, bench.rows.length], ["icons-100", 100, 64]);
    assert.deepEqual(expandBenches({ ...set, benches }, ["heldout-*"]), ["heldout-loss"]);
    await assert.rejects(
      openBench({ ...set, benches }, "retrieval-256"),
      /test split has 64 names/,
    );
  }));
