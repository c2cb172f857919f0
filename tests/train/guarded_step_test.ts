import assert from "node:assert/strict";
import { ClipModel } from "../../src/model/clip_model.ts";
import { NativeContext } from "../../src/native/context.ts";
import { BENCH_SETTINGS } from "../../src/run/bench/bench_model.ts";
import { FixedTensor } from "../../src/tensor/fixed_tensor.ts";
import type { StepSettings } from "../../src/train/step_block.ts";
import { TrainStep, type TrainStepOptions } from "../../src/train/train_step.ts";
import { hashedInputs, smallShape } from "../onnx/small_models.ts";
import { replacedLoss } from "./replaced_loss.ts";

const BATCH = 12;
const shape = smallShape();
const { pixels, ids } = hashedInputs(shape, BATCH);
const SETTINGS: StepSettings = { ...BENCH_SETTINGS, learningRate: 1e-3, clipNorm: null };
const COPIES = ["value", "m", "v", "average"] as const;

/** A model with its step; `run` says which tensors a step changed. */
function make(context: NativeContext, options: Partial<TrainStepOptions> = {}) {
  const model = new ClipModel(context, shape, { seed: 5 });
  const step = new TrainStep(model, { batch: BATCH, weightDecay: 0.2, average: true, ...options });
  const { parameters } = model;
  const all = () =>
    parameters.specs.flatMap(({ name }) =>
      COPIES.map((copy) => parameters.copy(name, copy).read().join())
    );
  return {
    parameters,
    async run(settings: Partial<StepSettings> = {}) {
      const before = all();
      const report = await step.run(pixels, ids, { ...SETTINGS, ...settings });
      return { ...report, changed: all().filter((text, i) => text !== before[i]).length };
    },
    [Symbol.dispose]() {
      step[Symbol.dispose]();
      model[Symbol.dispose]();
    },
  };
}

for (const accumulate of [1, 3]) {
  for (const bad of [NaN, Infinity, -Infinity]) {
    Deno.test(`TrainStep updates nothing when the loss is ${bad} though its gradient is finite, in ${accumulate} parts`, async () => {
      using context = new NativeContext({ threads: 2 });
      using extra = new FixedTensor(context, [1], { values: new Float32Array(1) });
      using made = make(context, { accumulate, loss: replacedLoss(extra) });
      assert.deepEqual(takeReason(await made.run()), [false, null]);
      extra.write(Float32Array.of(bad));
      const report = await made.run({ update: 2 });
      assert.deepEqual(takeReason(report), [true, "the loss is not finite"]);
      assert.equal(report.changed, 0);
      assert.ok(Number.isFinite(report.gradientNorm) && report.gradientNorm > 0);
      assert.ok(Object.is(report.loss, bad));
      extra.write(new Float32Array(1));
      const next = await made.run({ update: 2 });
      assert.equal(next.skipped, false);
      assert.ok(next.changed > 0);
    });
  }

  Deno.test(`TrainStep skips a step above its limits and takes one at them, in ${accumulate} parts`, async () => {
    using context = new NativeContext({ threads: 2 });
    using made = make(context, { accumulate });
    const still = { learningRate: 0, update: 1 };
    const { loss, gradientNorm } = await made.run(still);
    const at = { ...still, limits: { loss, gradientNorm } };
    assert.deepEqual(takeReason(await made.run(at)), [false, null]);
    const spikes = [
      [{ loss: loss * 0.999, gradientNorm }, "the loss is a spike"],
      [{ loss: null, gradientNorm: gradientNorm * 0.999 }, "the gradient norm is a spike"],
    ] as const;
    for (const [limits, reason] of spikes) {
      const report = await made.run({ limits });
      assert.deepEqual(takeReason(report), [true, reason]);
      assert.equal(report.changed, 0);
    }
  });

  Deno.test(`TrainStep shortens the updates whose gradient outruns the second moment, in ${accumulate} parts`, async () => {
    using context = new NativeContext({ threads: 2 });
    const clipUpdate = 1.25;
    using plain = make(context, { accumulate, weightDecay: 0.1 });
    using clipped = make(context, { accumulate, weightDecay: 0.1, clipUpdate });
    const settings = { update: 50, beta2: 0.95, epsilon: 1e-8 };
    // Half of the tensors have a second moment from times of smaller gradients.
    plain.parameters.specs.forEach(({ name }, i) => {
      for (const made of [plain, clipped]) {
        const v = made.parameters.copy(name, "v");
        v.write(new Float32Array(v.size).fill(i % 2 === 0 ? 1e-12 : 1e2));
      }
    });
    const start = new Map(
      plain.parameters.specs.map(({ name }) => [name, plain.parameters.get(name).read()]),
    );
    await plain.run(settings);
    await clipped.run(settings);
    let shortened = 0;
    for (const [name, from] of start) {
      const { parameters } = plain;
      const g = parameters.copy(name, "gradient").read();
      const v = parameters.copy(name, "v").read();
      const squares = g.reduce(
        (sum, value, i) => sum + value ** 2 / Math.max(v[i] / (1 - 0.95 ** 50), 1e-16),
        0,
      );
      const factor = Math.max(1, Math.sqrt(squares / g.length) / clipUpdate);
      if (factor > 2) shortened++;
      if (name === "logit_scale") continue; // held by its bounds
      const whole = parameters.get(name).read(), part = clipped.parameters.get(name).read();
      const update = Math.hypot(...from.map((value, i) => whole[i] - value));
      const error = Math.hypot(
        ...from.map((value, i) => part[i] - value - (whole[i] - value) / factor),
      );
      // Weights near 1 have steps of 6e-8; the update itself is near 1e-3.
      assert.ok(error <= 1e-3 * update / factor + 1e-7 * Math.sqrt(g.length), `${name}: ${error}`);
      const moments = (copy: "m" | "v") => clipped.parameters.copy(name, copy).read();
      assert.deepEqual(moments("v"), v, name);
      assert.deepEqual(moments("m"), parameters.copy(name, "m").read(), name);
    }
    assert.ok(shortened >= 5 && shortened < start.size, `${shortened} of ${start.size}`);
  });
}

Deno.test("clipped updates have the same bits with 1, 2 and 3 threads", async () => {
  const values: string[] = [];
  for (const threads of [1, 2, 3]) {
    using context = new NativeContext({ threads });
    using made = make(context, { clipUpdate: 0.5 });
    for (let update = 1; update <= 3; update++) await made.run({ update });
    values.push(made.parameters.specs.map(({ name }) => made.parameters.get(name).read()).join());
  }
  assert.equal(new Set(values).size, 1);
});

function takeReason({ skipped, reason }: { skipped: boolean; reason: string | null }) {
  return [skipped, reason];
}
