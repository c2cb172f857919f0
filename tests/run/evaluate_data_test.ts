import assert from "node:assert/strict";
import { labelOf as labelOfSample } from "../../src/data/shards/sample_parts.ts";
import { pictureBatches } from "../../src/data/benches/picture_batches.ts";
import { tarSource } from "../../src/data/benches/tar_source.ts";
import { classTargets } from "../../src/eval/paper/class_targets.ts";
import { ownPrompts } from "../../src/eval/prompts/prompt_lists.ts";
import { NativeContext } from "../../src/native/context.ts";
import { exportModel } from "../../src/onnx/export_model.ts";
import { evaluateSource } from "../../src/run/evaluate_source.ts";
import { nativeEncoder } from "../../src/run/native_encoder.ts";
import type { DataTask } from "../../src/run/paper/data_task.ts";
import {
  CLASSES,
  labelOf,
  pictureFile,
  PICTURES,
  TEMPLATES,
  writeClipBenchmark,
} from "../eval/paper/bench_files.ts";
import { paperModel, type Reference } from "../eval/paper/paper_model.ts";

const golden: Reference = JSON.parse(
  Deno.readTextFileSync(new URL("../eval/goldens/clip_benchmark.json", import.meta.url)),
);

async function withFolder(body: (dir: string) => Promise<void>) {
  const dir = await Deno.makeTempDir();
  try {
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const task = (dir: string, rest: Partial<DataTask> & { data: string }): DataTask => ({
  kind: "data",
  split: "test",
  retrieval: false,
  fit: "squash",
  fresh: false,
  cacheDir: `${dir}/cache`,
  ...rest,
});

Deno.test("the library gives CLIP_benchmark's logits for every way of preparing pictures", async () => {
  await withFolder(async (dir) => {
    await writeClipBenchmark(dir, "classification");
    using context = new NativeContext({ threads: 1 });
    const { model, source } = paperModel(context);
    using _owned = model;
    using encoder = nativeEncoder(model, source.tokenizer, "value");
    const prompts = ownPrompts("own", TEMPLATES);
    const targets = await classTargets(encoder, CLASSES, prompts);
    const { parts } = tarSource(
      dir,
      [0, 1].map((i) => `${dir}/test/${i}.tar`),
      (sample) => labelOfSample(sample, CLASSES.length),
    );
    for (const { fit, filter, logits } of golden.runs) {
      const seen: number[] = [], labels: number[] = [];
      for (const part of parts) {
        const options = { side: encoder.resolution, fit, filter, batch: 4 };
        const onBroken = (key: string, message: string) => assert.fail(`${key}: ${message}`);
        for await (const batch of pictureBatches(part, { ...options, onBroken })) {
          labels.push(...batch.parts);
          const features = await encoder.embedPixels(batch.pixels);
          for (let i = 0; i < batch.parts.length; i++) {
            for (let c = 0; c < CLASSES.length; c++) {
              let sum = 0;
              for (let k = 0; k < encoder.width; k++) {
                sum += features[i * encoder.width + k] * targets.features[c * encoder.width + k];
              }
              seen.push(100 * sum);
            }
          }
        }
      }
      assert.deepEqual(labels, Array.from({ length: PICTURES }, (_, i) => labelOf(i)));
      assert.equal(seen.length, logits.length);
      const gap = Math.max(...seen.map((value, i) => Math.abs(value - logits[i])));
      // float32 against float64; JPEG files among them.
      assert.ok(gap <= 5e-5, `${fit} ${filter}: ${gap} apart`);
    }
  });
});

for (const engine of ["native", "ort"] as const) {
  Deno.test(`evaluateSource gives CLIP_benchmark's numbers on its folders with engine ${engine}`, async () => {
    await withFolder(async (dir) => {
      {
        using context = new NativeContext({ threads: 1 });
        const { model, source } = paperModel(context);
        using _owned = model;
        await exportModel(source, `${dir}/model`);
      }
      await writeClipBenchmark(`${dir}/classes`, "classification");
      await writeClipBenchmark(`${dir}/captions`, "retrieval");
      const evaluate = (rest: Partial<DataTask> & { data: string }) =>
        evaluateSource({ kind: "model", dir: `${dir}/model` }, {
          task: task(dir, rest),
          engine,
          device: "cpu",
          signal: new AbortController().signal,
          onProgress: () => {},
        });
      // The logits above have all preparations; here the way from files to rows matters.
      const runs = engine === "native" ? [golden.runs[0], golden.runs[3]] : golden.runs.slice(1, 2);
      for (const { fit, filter, acc1, acc5, meanPerClassRecall, retrieval } of runs) {
        const { results, perClass } = await evaluate({ data: `${dir}/classes`, fit, filter });
        assert.deepEqual(results.map(({ metric }) => metric), ["top1", "top5", "classMean"]);
        const near = (seen: number, wanted: number, what: string) =>
          assert.ok(Math.abs(seen - wanted) < 1e-6, `${fit} ${filter} ${what}: ${seen}, ${wanted}`);
        near(results[0].value, acc1, "top1");
        near(results[1].value, acc5, "top5");
        near(results[2].value, meanPerClassRecall, "classMean");
        const { n, classes, skipped, resolution, templates } = results[0];
        assert.deepEqual([n, classes, skipped, resolution], [PICTURES, CLASSES.length, 0, 32]);
        assert.equal(templates, "zeroshot_classification_templates.txt");
        assert.deepEqual(perClass?.map(({ name }) => name), CLASSES);
        const pairs = await evaluate({ data: `${dir}/captions`, fit, filter });
        for (const row of pairs.results) {
          const [direction, depth] = row.metric.split(".r");
          const name = direction === "i2t" ? "text" : "image";
          near(row.value, retrieval[`${name}_retrieval_recall@${depth}`], row.metric);
          assert.equal(row.ties, 0);
        }
        assert.equal(pairs.results.length, 6);
      }
      const bench = "imagenet-1k-part";
      const published = "ViT-L-14-CLIPA:datacomp1b";
      const named = { data: `${dir}/classes`, bench, expected: published };
      const { expected } = await evaluate(named);
      assert.deepEqual(expected?.rows.map(({ published }) => published), [0.7957]);
      assert.match(expected!.warnings.join("\n"), /resolution: ours 32.*\n.*\npictures: ours 24/);
      assert.deepEqual([...Deno.readDirSync(`${dir}/cache/eval`)], [], "nothing is left behind");
    });
  });
}

Deno.test("pictureFile gives all kinds of files, all shapes", async () => {
  const starts = await Promise.all([0, 1, 7].map(pictureFile));
  assert.deepEqual(starts.map((bytes) => bytes[0]), [0x89, 0x52, 0xff]);
});
