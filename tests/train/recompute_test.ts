import assert from "node:assert/strict";
import { parseRecipe } from "../../src/config/parse_recipe.ts";
import { ClipModel } from "../../src/model/clip_model.ts";
import { NativeContext } from "../../src/native/context.ts";
import { BENCH_SETTINGS, benchSpec } from "../../src/run/bench/bench_model.ts";
import { recipeHash } from "../../src/run/run_folder.ts";
import { contrastive } from "../../src/tensor/ops/contrastive.ts";
import { FixedTensor } from "../../src/tensor/fixed_tensor.ts";
import { Tape } from "../../src/tensor/tape.ts";
import { TrainStep } from "../../src/train/train_step.ts";
import { tinyRecipe } from "../config/tiny_recipe.ts";

const BATCH = 6, SIZE = 16, TOKENS = 5;
const spec = benchSpec({
  width: 32,
  imageTokens: 5,
  textTokens: TOKENS,
  batch: BATCH,
  layers: 4,
  vocabulary: 90,
});
const pixels = Uint8Array.from({ length: BATCH * SIZE * SIZE * 3 }, (_, i) => (i * 73) % 255);
const ids = Int32Array.from({ length: BATCH * TOKENS }, (_, i) => (i * 37 + 5) % 90);

async function train(recompute: boolean, accumulate: number) {
  using context = new NativeContext({ threads: 1 });
  using model = new ClipModel(context, { spec, imageSize: SIZE, textTokens: TOKENS }, {
    seed: 5,
    recompute,
  });
  using step = new TrainStep(model, { batch: BATCH, accumulate, weightDecay: 0.2 });
  const losses: number[] = [];
  for (let i = 0; i < 3; i++) {
    losses.push((await step.run(pixels, ids, { ...BENCH_SETTINGS, update: i + 1 })).loss);
  }
  const values = model.parameters.specs.map(({ name }) => model.parameters.get(name).read());
  return { found: { losses, values }, bytes: step.arenaBytes };
}

Deno.test("a model that recomputes its blocks has the same bits in less memory", async () => {
  for (const accumulate of [1, 3]) {
    const kept = await train(false, accumulate), again = await train(true, accumulate);
    assert.deepEqual(again.found, kept.found);
    assert.ok(again.bytes < 0.6 * kept.bytes, `${again.bytes} of ${kept.bytes} bytes`);
  }
});

Deno.test("Tape.recompute gives the same gradients eagerly, also inside another one", () => {
  using context = new NativeContext({ threads: 1 });
  using images = new FixedTensor(context, [BATCH, SIZE, SIZE, 3], { dtype: "u8", values: pixels });
  using texts = new FixedTensor(context, [BATCH, TOKENS], { dtype: "i32", values: ids });
  const gradients = [0, 1, 2].map((depth) => {
    using model = new ClipModel(context, { spec, imageSize: SIZE, textTokens: TOKENS }, {
      seed: 5,
      recompute: depth > 0,
    });
    using tape = new Tape(context, { eager: true });
    const image = depth === 2
      ? tape.recompute(() => model.embedImages(tape, images))
      : model.embedImages(tape, images);
    const text = model.embedTexts(tape, texts);
    const { loss } = contrastive(tape, image, text, model.parameters.get("logit_scale"));
    tape.backward([loss, 1]);
    return model.parameters.gradients!.read();
  });
  assert.deepEqual(gradients[1], gradients[0]);
  assert.deepEqual(gradients[2], gradients[0]);
});

Deno.test("a stage that does not say recompute has the recipe's old hash, and one that does another", () => {
  const raw = tinyRecipe();
  const plain = parseRecipe(raw, "test");
  assert.ok(!("recompute" in plain.stages[0]));
  raw.stages[0].recompute = true;
  const recipe = parseRecipe(raw, "test");
  assert.equal(recipe.stages[0].recompute, true);
  assert.notEqual(recipeHash(recipe), recipeHash(plain));
  raw.stages[0].recompute = "blocks";
  assert.throws(() => parseRecipe(raw, "test"), /stages\[0\]\.recompute: seen "blocks"/);
});
