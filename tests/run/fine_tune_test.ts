import assert from "node:assert/strict";
import { loadRecipe } from "../../src/config/load_recipe.ts";
import { parseRecipe } from "../../src/config/parse_recipe.ts";
import type { Recipe } from "../../src/config/recipe.ts";
import { resizePositionGrid } from "../../src/model/resize_position_grid.ts";
import { resizePositions } from "../../src/model/resize_positions.ts";
import { exportRun } from "../../src/run/export_run.ts";
import { importWeights } from "../../src/run/import_weights.ts";
import { openRun } from "../../src/run/open_run.ts";
import { NativeContext } from "../../src/native/context.ts";
import { runExperiment } from "../../src/run/run_experiment.ts";
import type { DataSet } from "../../src/run/shard_data_set.ts";
import { loadTokenizer } from "../../src/text/tokenizer_file.ts";
import { allTensors } from "./foreign_golden.ts";
import { makeSmallRun } from "./small_run.ts";
import { makeSmallSet } from "./small_set.ts";

const source = { commit: null, dirty: null };

/** Tunes at a larger picture with 40 % of the patches left out, as CLIPA-v2 does. */
function tuning(
  init: string | null,
  model: object = {},
  rest: object = {},
  stage: object = {},
): Recipe {
  return parseRecipe({
    name: "tune",
    data: { set: "icons-v1" },
    model: {
      preset: "laptop-w48",
      image: { layers: 1, patch: 4, position: "learned" },
      text: { layers: 1, vocabulary: 400 },
      ...(init === null ? {} : { init }),
      ...model,
    },
    stages: [{
      name: "tune",
      samples: 320,
      batch: 32,
      image: { size: 24, strategy: "random", tokens: 22 },
      text: { tokens: 8 },
      lr: 2e-4,
      warmup: { share: 0 },
      ...stage,
    }],
    eval: { benches: ["small"] },
    checkpoint: { everySteps: 5, keep: 2 },
    ...rest,
  }, "tune");
}

function run(recipe: Recipe, out: string, dataSet: DataSet, signal?: AbortSignal) {
  return runExperiment(recipe, {
    out,
    resume: false,
    device: "cpu",
    dataSet,
    setupSeconds: 0,
    signal: signal ?? new AbortController().signal,
    onProgress: () => {},
  });
}

async function withModel(body: (dir: string, dataSet: DataSet) => Promise<void>) {
  const dir = await Deno.makeTempDir();
  try {
    const dataSet = makeSmallSet(`${dir}/set`);
    await makeSmallRun(`${dir}/run`, dataSet);
    await exportRun(`${dir}/run`, { out: `${dir}/exported`, form: "open_clip", source });
    // Out in open_clip's form and in again: a model as anyone may bring it.
    await importWeights(`${dir}/exported/open_clip_model.safetensors`, {
      out: `${dir}/imported`,
      tokenizer: loadTokenizer(`${dir}/exported/tokenizer.json`),
      source,
    });
    await body(dir, dataSet);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("a recipe tunes imported weights at another size with masked patches", async () => {
  await withModel(async (dir, dataSet) => {
    // One step that hardly moves: what it ends with is what it began with.
    const still = { samples: 32, lr: 1e-8 };
    const result = await run(tuning(`${dir}/imported`, {}, {}, still), `${dir}/tuned`, dataSet);
    assert.equal(result.eval.small.resolution, 24);
    const ends = allTensors(`${dir}/tuned/weights.safetensors`);
    const starts = allTensors(`${dir}/imported/weights.safetensors`);
    for (const [name, { data }] of ends) {
      const before = starts.get(name)!.data;
      const wanted = name === "visual.positional_embedding"
        ? resizePositionGrid(before, 48, 4, 6, true)
        : name === "positional_embedding"
        ? resizePositions(before, 48, 8)
        : before;
      assert.equal(data.length, wanted.length, name);
      data.forEach((value, i) => assert.ok(Math.abs(value - wanted[i]) < 2e-7, `${name}[${i}]`));
    }
    using context = new NativeContext({ threads: 1 });
    using opened = openRun(`${dir}/tuned`, context);
    assert.deepEqual(opened.model.parameters.get("visual.positional_embedding").shape, [37, 48]);
    assert.equal("init" in opened.model.shape.spec, false);
    // The tokenizer is the model's, and an export of the tuned run is a model again.
    assert.equal(
      await Deno.readTextFile(`${dir}/tuned/tokenizer.json`),
      await Deno.readTextFile(`${dir}/exported/tokenizer.json`),
    );
    await exportRun(`${dir}/tuned`, { out: `${dir}/again`, form: "portable", source });
  });
});

Deno.test("tuning starts with a new optimizer, from a file too, and goes on from its own checkpoint", async () => {
  await withModel(async (dir, dataSet) => {
    const whole = await run(tuning(`${dir}/imported`), `${dir}/folder`, dataSet);
    const file = `${dir}/imported/weights.safetensors`;
    const bare = await run(tuning(file), `${dir}/file`, dataSet);
    const seen = await Deno.readFile(`${dir}/file/weights.safetensors`);
    // Only the recipe's hash differs, in the header.
    assert.deepEqual(bare.stages[0].loss, whole.stages[0].loss);
    assert.equal(seen.length, (await Deno.readFile(`${dir}/folder/weights.safetensors`)).length);

    const stop = new AbortController();
    const recipe = tuning(`${dir}/imported`, {}, { name: "stopped" });
    const options = { resume: false, device: "cpu", dataSet, setupSeconds: 0 } as const;
    await assert.rejects(runExperiment(recipe, {
      ...options,
      out: `${dir}/stopped`,
      signal: stop.signal,
      onProgress: ({ done }) => done >= 192 && stop.abort(),
    }));
    // The weights that it began with are needed no more.
    await Deno.remove(`${dir}/imported/weights.safetensors`);
    const resumed = await run(recipe, `${dir}/stopped`, dataSet);
    assert.equal(resumed.stages[0].loss, whole.stages[0].loss);
  });
});

Deno.test("the recipe that tunes foreign icons runs on a small model as it stands, mask and sizes included", async () => {
  await withModel(async (dir, dataSet) => {
    const recipe = loadRecipe("tune", [
      `model.init=${dir}/imported`,
      "model.preset=laptop-w48",
      "model.image={ layers: 1, patch: 4, position: learned }",
      "model.text={ layers: 1, vocabulary: 400 }",
      // As many patches of 4 pixels as the recipe's model has of 8.
      "stages.masked.image.size=32",
      "stages.whole.image.size=32",
      ...["masked", "whole"].flatMap((name) => [
        `stages.${name}.samples=64`,
        `stages.${name}.batch=32`,
      ]),
      "eval={ benches: [small], retrieval: [] }",
    ]);
    assert.deepEqual(recipe.stages.map(({ image }) => image.tokens), [39, 64]);
    const result = await run(recipe, `${dir}/tuned`, dataSet);
    assert.deepEqual(result.stages.map(({ name }) => name), ["masked", "whole"]);
    assert.equal(result.eval.small.resolution, 32);
    using context = new NativeContext({ threads: 1 });
    using opened = openRun(`${dir}/tuned`, context);
    assert.deepEqual(opened.model.parameters.get("visual.positional_embedding").shape, [65, 48]);
  });
});

Deno.test("a recipe with weights of another model says what differs", async () => {
  await withModel(async (dir, dataSet) => {
    const refuse = (recipe: Recipe, why: RegExp) =>
      assert.rejects(run(recipe, `${dir}/out`, dataSet), why);
    const imported = `${dir}/imported`;
    await refuse(
      tuning(imported, { gelu: "erf" }),
      /model\.gelu: seen erf; allowed: tanh, with which/,
    );
    await refuse(
      tuning(imported, {
        preset: "laptop-w64",
        image: { layers: 1, patch: 4, position: "learned" },
      }),
      /image\.heads|another architecture/,
    );
    const image = { layers: 2, patch: 4, position: "learned" };
    await refuse(
      tuning(imported, { image }),
      /another architecture; 12 of \d+ names differ:\n {2}visual\.transformer\.resblocks\.1/,
    );
    await refuse(tuning(`${dir}/none`), /model\.init: .* is not there; name a model's folder/);
    await refuse(tuning(`${dir}/set`), /holds no model/);
  });
});

Deno.test("a run with the sigmoid loss starts from softmax weights and exports its bias for open_clip", async () => {
  await withModel(async (dir, dataSet) => {
    const recipe = tuning(`${dir}/imported`, {}, { loss: { kind: "sigmoid" } });
    await run(recipe, `${dir}/tuned`, dataSet);
    const { parity } = await exportRun(`${dir}/tuned`, {
      out: `${dir}/out`,
      form: "open_clip",
      source,
    });
    assert.ok(parity.cosineMin >= 0.99999);
    const config = JSON.parse(await Deno.readTextFile(`${dir}/out/open_clip_config.json`));
    const { shape, data } = allTensors(`${dir}/out/open_clip_model.safetensors`).get("logit_bias")!;
    assert.deepEqual(shape, []);
    assert.equal(config.model_cfg.init_logit_bias, data[0]);
    assert.ok(data[0] !== -10 && Math.abs(data[0] + 10) < 0.1, `${data[0]}`);
  });
});
