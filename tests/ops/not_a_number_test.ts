import assert from "node:assert/strict";
import { FixedTensor } from "../../src/tensor/fixed_tensor.ts";
import { Tape } from "../../src/tensor/tape.ts";
import { type Activation, ACTIVATION_FLAGS } from "../../src/tensor/ops/activation.ts";
import { softmax, unary } from "../../src/tensor/ops/elementwise.ts";
import { layerNorm } from "../../src/tensor/ops/layer_norm.ts";
import { residualLayerNorm } from "../../src/tensor/ops/residual_layer_norm.ts";
import { NativeContext } from "../../src/native/context.ts";

// A NaN that an op swallows would hide a broken model from the guard on its gradients.
Deno.test("every activation gives NaN for NaN and nothing else when one value is NaN", () => {
  using context = new NativeContext({ threads: 1 });
  using tape = new Tape(context, { eager: true });
  const values = Float32Array.from({ length: 35 }, (_, i) => (i - 17) / 4);
  values[5] = values[34] = NaN;
  using x = new FixedTensor(context, [35], { values });
  for (const activation of Object.keys(ACTIVATION_FLAGS) as Activation[]) {
    const y = unary(tape, x, activation).read();
    y.forEach((value, i) => assert.equal(Number.isNaN(value), i === 5 || i === 34, activation));
  }
});

Deno.test("softmax, layerNorm and residualLayerNorm give NaN in the whole row when one value is NaN", () => {
  using context = new NativeContext({ threads: 1 });
  using tape = new Tape(context, { eager: true });
  const values = Float32Array.from({ length: 3 * 20 }, (_, i) => (i * 7 % 11) - 5);
  values[25] = NaN;
  using x = new FixedTensor(context, [3, 20], { values });
  using ones = new FixedTensor(context, [20], { values: new Float32Array(20).fill(1) });
  using clean = new FixedTensor(context, [3, 20], { values: values.with(25, 1) });
  const norm = { gamma: ones, beta: ones, eps: 1e-5 };
  const results = [
    softmax(tape, x),
    layerNorm(tape, x, ones, ones, 1e-5),
    residualLayerNorm(tape, x, clean, norm).normed,
    residualLayerNorm(tape, clean, x, norm).normed,
  ];
  for (const y of results.map((result) => result.read())) {
    y.forEach((value, i) => assert.equal(Number.isNaN(value), i >= 20 && i < 40, `value ${i}`));
  }
});
