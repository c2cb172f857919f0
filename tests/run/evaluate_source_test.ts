import assert from "node:assert/strict";
import { parseRecipe } from "../../src/config/parse_recipe.ts";
import { openRecords } from "../../src/data/records/records.ts";
import { ICON_TEMPLATES } from "../../src/eval/icon_templates.ts";
import { type EvalTask, evaluateSource, nameOfShards } from "../../src/run/evaluate_source.ts";
import { runExperiment } from "../../src/run/run_experiment.ts";
import { grayPng, writeShard } from "../data/shard_fixture.ts";
import { makeSmallSet } from "./small_set.ts";

Deno.test("nameOfShards names the files or their folder when the glob has numbers and wildcards", () => {
  assert.equal(nameOfShards("data/pets-*.tar"), "pets");
  assert.equal(nameOfShards("data/pets-{00000..00009}.tar"), "pets");
  assert.equal(nameOfShards("pets-00001.tar"), "pets");
  assert.equal(nameOfShards("pets/*.tar"), "pets");
  assert.equal(nameOfShards("*.tar"), "shards");
});

Deno.test("evaluateSource finds wrong lists and globs before it opens a model", async () => {
  const dir = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${dir}/empty.json`, "[]");
    Deno.writeTextFileSync(`${dir}/classes.json`, '["cat"]');
    Deno.writeTextFileSync(`${dir}/templates.json`, '["a photo"]');
    Deno.writeTextFileSync(`${dir}/a.tar`, "");
    const evaluate = (shards: string, classes: string, templates: string) =>
      evaluateSource({ kind: "run", dir: `${dir}/no-run` }, {
        task: {
          kind: "shards",
          shards: `${dir}/${shards}`,
          fit: "squash",
          prompts: { classes: `${dir}/${classes}`, templates: `${dir}/${templates}` },
        },
        device: "cpu",
        signal: new AbortController().signal,
        onProgress: () => {},
      });
    await assert.rejects(
      evaluate("b*.tar", "classes.json", "templates.json"),
      /--shards: no file fits/,
    );
    await assert.rejects(evaluate("a.tar", "empty.json", "templates.json"), /seen an empty list/);
    await assert.rejects(evaluate("a.tar", "classes.json", "templates.json"), /exactly one \{\}/);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("evaluateSource gives a run the same numbers on shards as on the benchmark they are made from", async () => {
  const dir = Deno.makeTempDirSync();
  try {
    const dataSet = makeSmallSet(`${dir}/set`);
    const signal = new AbortController().signal;
    const recipe = parseRecipe({
      name: "tiny",
      data: { set: "icons-v1" },
      model: {
        preset: "laptop-w48",
        image: { layers: 1, patch: 8 },
        text: { layers: 1, vocabulary: 400 },
      },
      stages: [{
        name: "only",
        samples: 640,
        batch: 32,
        image: { size: 16 },
        text: { tokens: 6 },
        lr: 2e-3,
        warmup: { share: 0.1 },
      }],
      eval: { benches: ["small"] },
    }, "test");
    await runExperiment(recipe, {
      out: `${dir}/run`,
      resume: false,
      device: "cpu",
      dataSet,
      setupSeconds: 0,
      signal,
      onProgress: () => {},
    });
    const bench = JSON.parse(Deno.readTextFileSync(dataSet.benches.small));
    const records = openRecords(dataSet.test);
    const samples = Object.fromEntries(bench.rows.map((row: number, i: number) => [`k${i}`, {
      png: grayPng(records.size, records.size, records.readPixels(row)),
      cls: String(bench.labels[i]),
      txt: bench.classes[bench.labels[i]],
    }]));
    writeShard(`${dir}/small-00.tar`, { ...samples, broken: { png: "none", cls: "0", txt: "x" } });
    Deno.writeTextFileSync(`${dir}/classes.json`, JSON.stringify(bench.classes));
    Deno.writeTextFileSync(`${dir}/templates.json`, JSON.stringify(ICON_TEMPLATES));
    const evaluate = (task: EvalTask, engine: "ort" | "native" = "native") =>
      evaluateSource({ kind: "run", dir: `${dir}/run` }, {
        task,
        engine,
        device: "cpu",
        signal,
        onProgress: () => {},
      });
    const prompts = { classes: `${dir}/classes.json`, templates: `${dir}/templates.json` };
    const shards = { kind: "shards", shards: `${dir}/small-*.tar`, fit: "squash" } as const;
    const named = await evaluate({
      kind: "benches",
      names: ["small"],
      dataSet: () => Promise.resolve(dataSet),
    });
    const streamed = await evaluate({ ...shards, prompts });
    assert.deepEqual(named.notes, []);
    const exported = await evaluate({
      kind: "benches",
      names: ["small"],
      dataSet: () => Promise.resolve(dataSet),
    }, "ort");
    assert.deepEqual([exported.engine, exported.graph], ["ort", "fast"]);
    assert.ok(exported.parity!.cosineMin >= 0.99999);
    assert.match(
      exported.notes.join("\n"),
      /fast graphs .* cosine at least (?:0\.99999\d+|1\.0000000)/,
    );
    const times = () =>
      [...Deno.readDirSync(`${dir}/run/onnx`)].filter((e) => e.isDirectory)
        .map(({ name }) => Deno.statSync(`${dir}/run/onnx/${name}/model.json`).mtime!.getTime());
    const before = times();
    assert.equal(before.length, 1);
    const again = await evaluate({ ...shards, prompts }, "ort");
    assert.deepEqual(times(), before, "the export is kept");
    assert.deepEqual([streamed.engine, streamed.provider], ["native", "cpu"]);
    const scores = ({ results }: typeof named) =>
      results.filter(({ group }) => group === undefined)
        .map(({ metric, value, n }) => [metric, value, n]);
    assert.deepEqual(scores(streamed), scores(named));
    assert.deepEqual(scores(again), scores(exported));
    // A picture whose two best classes are equal to the last bits may be judged otherwise.
    const gap = Math.abs(exported.results[0].value - named.results[0].value);
    assert.ok(gap <= 1 / 64, `${gap} apart`);
    assert.equal(streamed.results[0].bench, "small");
    assert.deepEqual(streamed.skipped?.map(({ reason, count }) => [reason, count]), [
      ["unreadable picture", 1],
    ]);
    const pairs = await evaluate({ ...shards, bench: "pairs", prompts: null });
    assert.deepEqual(pairs.results.map(({ metric, n, captions }) => [metric, n, captions])[0], [
      "i2t.r1",
      64,
      "txt",
    ]);
    assert.equal(pairs.results.length, 6);
    // The same pictures as files in a folder for each class: a run's tokenizer and weights serve.
    bench.rows.forEach((row: number, i: number) => {
      const folder = `${dir}/files/${bench.classes[bench.labels[i]].replaceAll(" ", "_")}`;
      Deno.mkdirSync(folder, { recursive: true });
      const png = grayPng(records.size, records.size, records.readPixels(row));
      Deno.writeFileSync(`${folder}/${i}.png`, png);
    });
    const filed = await evaluate({
      kind: "data",
      data: `${dir}/files`,
      split: "test",
      retrieval: false,
      templates: "name-only",
      fit: "squash",
      fresh: false,
      cacheDir: `${dir}/cache`,
    });
    Deno.writeTextFileSync(`${dir}/bare.json`, '["{}"]');
    const bare = await evaluate({
      ...shards,
      prompts: { ...prompts, templates: `${dir}/bare.json` },
    });
    assert.deepEqual(scores(filed).slice(0, 2), scores(bare).slice(0, 2));
    assert.ok(filed.results[0].value > 0);
    const probe = (shots: number | null) =>
      evaluate({ kind: "probe", names: ["small"], shots, dataSet: () => Promise.resolve(dataSet) });
    const { results: [top1, top5, ...families] } = await probe(null);
    assert.deepEqual([top1.metric, top1.n, top1.classes, top1.split], [
      "probe.top1",
      64,
      64,
      "test",
    ]);
    assert.deepEqual([top1.probe?.trained, top1.probe?.validated], [6 * 64, 64]);
    // Each class has one drawing with a little noise.
    assert.ok(top1.value > 0.5 && top5.value >= top1.value, `top-1 ${top1.value}`);
    assert.equal(top1.se, Math.sqrt(top1.value * (1 - top1.value) / 64));
    assert.deepEqual(families.map(({ group }) => group), ["a", "a"]);
    const [few] = (await probe(2)).results;
    assert.deepEqual([few.probe?.shots, few.probe?.trained], [2, 2 * 64]);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
