import assert from "node:assert/strict";
import { parseRecipe } from "../../src/config/parse_recipe.ts";
import { ClipModel } from "../../src/model/clip_model.ts";
import { NativeContext } from "../../src/native/context.ts";
import { BENCH_SETTINGS } from "../../src/run/bench/bench_model.ts";
import { batchLoss, logitBiasOf } from "../../src/train/batch_loss.ts";
import { TrainStep } from "../../src/train/train_step.ts";
import { tinyRecipe } from "../config/tiny_recipe.ts";
import { hashedInputs, smallShape } from "../onnx/small_models.ts";

const BATCH = 12;
const shape = smallShape();
const { pixels, ids } = hashedInputs(shape, BATCH);
const recipe = { loss: { kind: "sigmoid" } } as const;

/** Values, gradients and averages after some steps, and the losses. */
async function train(options: { accumulate?: number; steps: number; decay?: number }) {
  using context = new NativeContext({ threads: 2 });
  using model = new ClipModel(context, shape, { seed: 5, logitBias: logitBiasOf(recipe) });
  using step = new TrainStep(model, {
    batch: BATCH,
    accumulate: options.accumulate,
    weightDecay: 0.2,
    average: true,
    loss: batchLoss(recipe, model),
  });
  const copies = (copy: "value" | "gradient" | "average") =>
    new Map(model.parameters.specs.map(({ name }) => [
      name,
      model.parameters.copy(name, copy).read(),
    ]));
  const start = copies("value");
  const losses: number[] = [], path: Map<string, Float32Array>[] = [];
  for (let i = 0; i < options.steps; i++) {
    const settings = {
      ...BENCH_SETTINGS,
      learningRate: 1e-3,
      update: i + 1,
      averageDecay: options.decay ?? BENCH_SETTINGS.averageDecay,
    };
    losses.push((await step.run(pixels, ids, settings)).loss);
    path.push(copies("value"));
  }
  return { start, path, gradients: copies("gradient"), average: copies("average"), losses };
}

Deno.test("TrainStep gives the sigmoid loss's gradient of the whole batch when it takes parts", async () => {
  const whole = await train({ steps: 1 });
  for (const accumulate of [2, 3, 6]) {
    const parts = await train({ steps: 1, accumulate });
    assert.ok(Math.abs(parts.losses[0] - whole.losses[0]) < 1e-6 * whole.losses[0]);
    for (const [name, gradient] of parts.gradients) {
      const wanted = whole.gradients.get(name)!;
      const norm = Math.hypot(...wanted);
      const differ = Math.hypot(...gradient.map((value, i) => value - wanted[i]));
      assert.ok(norm > 0, name);
      assert.ok(differ <= 1e-5 * norm, `${name} in ${accumulate} parts: ${differ / norm}`);
    }
  }
});

Deno.test("TrainStep learns with the sigmoid loss: the bias rises from -10 and the loss falls", async () => {
  const { losses, path } = await train({ steps: 40 });
  // With a bias of -10 a pair costs nearly 10 - 10 x its cosine, and wrong pairs nothing.
  assert.ok(losses[0] > 5 && losses[0] < 20, `${losses[0]}`);
  assert.ok(losses[39] < losses[0] - 0.5, `${losses[0]} to ${losses[39]}`);
  assert.ok(path[39].get("logit_bias")![0] > -10);
});

Deno.test("the average is exactly decay x average + (1 - decay) x value at every step", async () => {
  for (const decay of [0, 0.5, 0.9, 0.9999]) {
    const { start, path, average } = await train({ steps: 5, decay });
    for (const [name, seen] of average) {
      const wanted = start.get(name)!.slice();
      for (const values of path) {
        const now = values.get(name)!;
        // The kernel's order: y += (1 - decay)(x - y), all in float32.
        const rest = Math.fround(1 - Math.fround(decay));
        for (let i = 0; i < wanted.length; i++) {
          wanted[i] += rest * Math.fround(now[i] - wanted[i]);
        }
      }
      for (let i = 0; i < seen.length; i++) {
        // Fused multiply-add may round once less each step.
        const ulp = 2 ** -22 * Math.max(Math.abs(wanted[i]), 1e-6);
        assert.ok(Math.abs(seen[i] - wanted[i]) <= ulp, `${name}[${i}]: ${seen[i]}, ${wanted[i]}`);
      }
    }
    if (decay === 0) assert.deepEqual(average, path[4]);
  }
});

Deno.test("a recipe takes the sigmoid loss, starts its scale at 10, and is silent without it", () => {
  const plain = parseRecipe(tinyRecipe(), "x");
  assert.equal("loss" in plain, false);
  assert.equal(logitBiasOf(plain), undefined);
  const sigmoid = parseRecipe({ ...tinyRecipe(), loss: { kind: "sigmoid" } }, "x");
  assert.equal(sigmoid.model.logitScaleInit, 10);
  assert.equal(logitBiasOf(sigmoid), -10);
  const other = parseRecipe({
    ...tinyRecipe(),
    model: { preset: "laptop-w48", logitScaleInit: 5 },
    loss: { kind: "sigmoid", biasInit: -3 },
  }, "x");
  assert.deepEqual([other.model.logitScaleInit, logitBiasOf(other)], [5, -3]);
  const bad = (loss: unknown, why: RegExp) =>
    assert.throws(() => parseRecipe({ ...tinyRecipe(), loss }, "x"), why);
  bad({ kind: "softmax", biasInit: -10 }, /loss\.biasInit: seen -10 with kind softmax/);
  bad({ kind: "hinge" }, /loss\.kind/);
  bad({ kind: "sigmoid", bias: 1 }, /loss/);
});
