import assert from "node:assert/strict";
import { parseRecipe } from "../../src/config/parse_recipe.ts";
import { ClipOnnx } from "../../src/onnx/clip_onnx.ts";
import { keepsParity } from "../../src/onnx/parity.ts";
import { exportRun } from "../../src/run/export_run.ts";
import { runExperiment } from "../../src/run/run_experiment.ts";
import { openTrainingData } from "../../src/run/training_data.ts";
import { makeSmallSet } from "./small_set.ts";
import { tinyRecipe } from "../config/tiny_recipe.ts";

Deno.test("openTrainingData encodes captions by the tokenizer that the recipe names", () => {
  const dir = Deno.makeTempDirSync();
  try {
    const set = makeSmallSet(dir);
    const first = { "clip-bpe": 49406, "bert-uncased": 101, "bert-uncased-strip-sep": 101 };
    for (const [tokenizer, start] of Object.entries(first)) {
      const raw = tinyRecipe();
      raw.data.tokenizer = tokenizer;
      raw.model.text = { vocabulary: 49_408 };
      raw.stages[0].text = { strategy: "syntax", tokens: 4, unit: "words", tags: "word" };
      const data = openTrainingData(set, parseRecipe(raw, "tiny.yaml"));
      assert.equal(data.tokenizer.kind, tokenizer);
      const ids = new Int32Array(6);
      const keep = (ids: number[], room: number, _key: unknown, marks: Uint8Array) => {
        assert.equal(marks.length, ids.length);
        return ids.slice(0, room);
      };
      data.captions.write({ seed: 0, epoch: 0, row: 0 }, [1, 0, 0, 0, 0], 6, keep, ids, 0);
      assert.equal(ids[0], start);
      assert.deepEqual([...ids.subarray(1, 3)], data.tokenizer.encodeIds("red box"));
    }
    // Nothing is kept beside the data set: the vocabulary is in a package.
    assert.ok(![...Deno.readDirSync(dir)].some(({ name }) => name.startsWith("tokenizer")));
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("a model that is trained with a released tokenizer is exported with it", async () => {
  for (
    const [tokenizer, flavour] of [["clip-bpe", "torch"], ["bert-uncased-strip-sep", "jax"]]
  ) {
    const dir = Deno.makeTempDirSync();
    try {
      const raw = tinyRecipe();
      raw.data = { set: "icons-v1", captions: { l1: 1 }, tokenizer };
      raw.model = {
        preset: "laptop-w48",
        flavour,
        image: { layers: 1, patch: 4 },
        text: { layers: 1, vocabulary: 49_408 },
      };
      raw.eval = { benches: ["small"] };
      Object.assign(raw.stages[0], { samples: 64, batch: 32, image: { size: 16 } });
      await runExperiment(parseRecipe(raw, "tiny.yaml"), {
        out: `${dir}/run`,
        resume: false,
        setupSeconds: 0,
        device: "cpu",
        dataSet: makeSmallSet(`${dir}/set`),
        signal: new AbortController().signal,
        onProgress: () => {},
      });
      const out = `${dir}/model`;
      const source = { commit: "0".repeat(40), dirty: false };
      const { parity } = await exportRun(`${dir}/run`, { out, source });
      assert.ok(keepsParity(parity));
      using onnx = await ClipOnnx.open(out, { threads: 1 });
      assert.equal(onnx.tokenizer.kind, tokenizer);
    } finally {
      Deno.removeSync(dir, { recursive: true });
    }
  }
});
