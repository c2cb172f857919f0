import assert from "node:assert/strict";
import { ClipModel } from "../../src/model/clip_model.ts";
import { NativeContext } from "../../src/native/context.ts";
import { sum, unary } from "../../src/tensor/ops/elementwise.ts";
import { linear } from "../../src/tensor/ops/linear.ts";
import { batchLoss } from "../../src/train/batch_loss.ts";
import { type BatchLoss, TrainStep } from "../../src/train/train_step.ts";
import { smallShape } from "../onnx/small_models.ts";
import { LOSSES } from "./rank_step.ts";

const LOCAL = 8;
const SIZES = [32, 64, 128, 256];

/** Bytes of intermediate values and workspaces of a step, by the number of ranks. */
function bytesBySize(loss: (model: ClipModel) => BatchLoss | undefined): number[] {
  return SIZES.map((size) => {
    using context = new NativeContext({ threads: 1 });
    using model = new ClipModel(context, smallShape(), { seed: 1, logitBias: -10 });
    const before = context.memory().bytes;
    using _step = new TrainStep(model, {
      batch: LOCAL * size,
      ranks: { rank: size - 1, size },
      weightDecay: 0,
      loss: loss(model),
    });
    return context.memory().bytes - before;
  });
}

/** How much steeper the last stretch is than the first; 1 for a line. */
function bend(bytes: number[]): number {
  const slope = (i: number) => (bytes[i + 1] - bytes[i]) / (SIZES[i + 1] - SIZES[i]);
  return slope(SIZES.length - 2) / slope(0);
}

/** Every logit of the batch on every rank. */
const quadratic: BatchLoss = (tape, images, texts) => ({
  loss: sum(tape, unary(tape, linear(tape, images, texts), "sigmoid")),
});

for (
  const [name, loss] of [
    ["softmax", () => undefined],
    ["sigmoid", (model: ClipModel) => batchLoss({ loss: { kind: "sigmoid" } }, model)],
    ["own", () => LOSSES.rows],
  ] as const
) {
  Deno.test(`the ${name} loss needs memory in proportion to the global batch when ranks are added`, () => {
    const bytes = bytesBySize(loss);
    assert.ok(bytes.at(-1)! > bytes[0], `${bytes}`);
    assert.ok(bend(bytes) < 1.1, `${bytes}: bend ${bend(bytes)}`);
  });
}

Deno.test("a loss of all pairs on every rank needs memory in proportion to the square", () => {
  const bytes = bytesBySize(() => quadratic);
  assert.ok(bend(bytes) > 3, `${bytes}: bend ${bend(bytes)}`);
});
