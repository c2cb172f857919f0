import assert from "node:assert/strict";
import { FLAVOURS } from "../../src/config/flavours.ts";
import type { ModelSpec } from "../../src/config/model_spec.ts";
import { ClipModel } from "../../src/model/clip_model.ts";
import { NativeContext } from "../../src/native/context.ts";
import { BENCH_SETTINGS, benchSpec } from "../../src/run/bench/bench_model.ts";
import { contrastive } from "../../src/tensor/ops/contrastive.ts";
import { FixedTensor } from "../../src/tensor/fixed_tensor.ts";
import { Tape } from "../../src/tensor/tape.ts";
import { TrainStep } from "../../src/train/train_step.ts";

const BATCH = 12;
const SIZE = 12;
const TOKENS = 6;

function spec(flavour: "jax" | "torch"): ModelSpec {
  const base = benchSpec({
    width: 32,
    imageTokens: 10,
    textTokens: TOKENS,
    batch: BATCH,
    layers: 2,
    vocabulary: 300,
  });
  const { image, text, ...fields } = FLAVOURS[flavour];
  return {
    ...base,
    ...fields,
    flavour,
    image: { ...base.image, ...image, patch: 4 },
    text: { ...base.text, ...text, vocabulary: 300 },
  };
}

const pixels = Uint8Array.from(
  { length: BATCH * SIZE * SIZE * 3 },
  (_, i) => Math.imul(i + 1, 2654435761) >>> 24,
);
const ids = Int32Array.from({ length: BATCH * TOKENS }, (_, i) => (i * 37 + 5) % 300);

/** All values, or gradients, of a model after some steps. */
async function train(
  options: {
    threads: number;
    accumulate?: number;
    steps: number;
    flavour?: "jax" | "torch";
    precision?: "float32" | "bfloat16";
  },
): Promise<{ values: Float32Array[]; gradients: Float32Array[]; losses: number[] }> {
  using context = new NativeContext({ threads: options.threads, precision: options.precision });
  const shape = { spec: spec(options.flavour ?? "jax"), imageSize: SIZE, textTokens: TOKENS };
  using model = new ClipModel(context, shape, { seed: 5 });
  using step = new TrainStep(model, {
    batch: BATCH,
    accumulate: options.accumulate,
    weightDecay: 0.2,
    average: true,
  });
  const losses: number[] = [];
  for (let i = 0; i < options.steps; i++) {
    const settings = { ...BENCH_SETTINGS, learningRate: 1e-3, update: i + 1 };
    losses.push((await step.run(pixels, ids, settings)).loss);
  }
  const copies = (copy: "value" | "gradient") =>
    model.parameters.specs.map(({ name }) => model.parameters.copy(name, copy).read());
  return { values: copies("value"), gradients: copies("gradient"), losses };
}

function distance(a: Float32Array, b: Float32Array): number {
  let difference = 0, norm = 0;
  a.forEach((value, i) => {
    difference += (value - b[i]) ** 2;
    norm += b[i] ** 2;
  });
  return Math.sqrt(difference / (norm || 1));
}

Deno.test("TrainStep gives the same bits when it runs with 1, 2 and 3 threads", async () => {
  const one = await train({ threads: 1, steps: 4 });
  for (const threads of [2, 3]) {
    assert.deepEqual(await train({ threads, steps: 4 }), one);
  }
});

for (const flavour of ["jax", "torch"] as const) {
  Deno.test(`TrainStep gives the gradient of the whole batch when it takes ${flavour} parts`, async () => {
    const whole = await train({ threads: 2, steps: 1, flavour });
    for (const accumulate of [2, 3, 6]) {
      const parts = await train({ threads: 2, steps: 1, accumulate, flavour });
      assert.ok(Math.abs(parts.losses[0] - whole.losses[0]) < 1e-6 * whole.losses[0]);
      parts.gradients.forEach((gradient, i) => {
        const relative = distance(gradient, whole.gradients[i]);
        assert.ok(relative <= 1e-5, `tensor ${i} in ${accumulate} parts: ${relative}`);
      });
    }
  });
}

Deno.test("TrainStep stays near float32 when linear layers multiply bfloat16", async () => {
  const exact = await train({ threads: 2, steps: 1 });
  const rounded = await train({ threads: 2, steps: 1, precision: "bfloat16" });
  const off = Math.abs(rounded.losses[0] / exact.losses[0] - 1);
  assert.ok(off > 0 && off < 0.01, `loss off by ${off}`);
  const join = (parts: Float32Array[]) => Float32Array.from(parts.flatMap((part) => [...part]));
  const gradient = distance(join(rounded.gradients), join(exact.gradients));
  // A factor has 8 bits of mantissa: about 2^-9 for one product, a few times that through the depth.
  assert.ok(gradient > 1e-4 && gradient < 0.02, `gradient off by ${gradient}`);
  assert.deepEqual(await train({ threads: 3, steps: 1, precision: "bfloat16" }), rounded);
});

Deno.test("Tape gives the same bits when it runs eagerly and as a program", async () => {
  using context = new NativeContext({ threads: 2 });
  const shape = { spec: spec("torch"), imageSize: SIZE, textTokens: TOKENS };
  using model = new ClipModel(context, shape, { seed: 5 });
  using images = new FixedTensor(context, [BATCH, SIZE, SIZE, 3], { dtype: "u8", values: pixels });
  using texts = new FixedTensor(context, [BATCH, TOKENS], { dtype: "i32", values: ids });
  const record = (tape: Tape) => {
    const image = model.embedImages(tape, images);
    const text = model.embedTexts(tape, texts);
    const { loss } = contrastive(tape, image, text, model.parameters.get("logit_scale"));
    tape.retain(loss);
    tape.backward([loss, 1]);
    return loss;
  };
  using eager = new Tape(context, { eager: true });
  const eagerLoss = record(eager).read();
  const eagerGradients = model.parameters.gradients!.read();
  model.parameters.gradients!.write(new Float32Array(eagerGradients.length));

  const tape = new Tape(context);
  const loss = record(tape);
  using program = tape.compile();
  await program.run();
  assert.deepEqual(loss.read(), eagerLoss);
  assert.deepEqual(model.parameters.gradients!.read(), eagerGradients);
});

Deno.test("TrainStep updates nothing when a gradient is not finite", async () => {
  using context = new NativeContext({ threads: 2 });
  const shape = { spec: spec("jax"), imageSize: SIZE, textTokens: TOKENS };
  using model = new ClipModel(context, shape, { seed: 5 });
  using step = new TrainStep(model, { batch: BATCH, weightDecay: 0.2, average: true });
  const broken = model.parameters.get("text_projection").read();
  broken[3] = NaN;
  model.parameters.get("text_projection").write(broken);
  const before = model.parameters.specs.map(({ name }) => model.parameters.get(name).read());
  const report = await step.run(pixels, ids, BENCH_SETTINGS);
  assert.equal(report.skipped, true);
  const after = model.parameters.specs.map(({ name }) => model.parameters.get(name).read());
  assert.deepEqual(after, before);
});

Deno.test("Program ends between ops and leaves the loop free when its context is cancelled", async () => {
  using context = new NativeContext({ threads: 1 });
  const shape = { spec: spec("jax"), imageSize: SIZE, textTokens: TOKENS };
  using model = new ClipModel(context, shape, { seed: 5 });
  using step = new TrainStep(model, { batch: BATCH, weightDecay: 0.2 });
  context.cancel();
  await assert.rejects(step.run(pixels, ids, BENCH_SETTINGS), /cancelled before op 0/);
  context.cancel(false);
  assert.equal((await step.run(pixels, ids, BENCH_SETTINGS)).skipped, false);
});

Deno.test("TrainStep refuses a batch when the parts do not divide it", () => {
  using context = new NativeContext({ threads: 1 });
  const shape = { spec: spec("jax"), imageSize: SIZE, textTokens: TOKENS };
  using model = new ClipModel(context, shape);
  assert.throws(
    () => new TrainStep(model, { batch: BATCH, accumulate: 5, weightDecay: 0 }),
    /accumulate 5 does not divide the batch 12/,
  );
});
