import assert from "node:assert/strict";
import { ClipModel } from "../../src/model/clip_model.ts";
import { NativeContext } from "../../src/native/context.ts";
import { BENCH_SETTINGS, benchSpec } from "../../src/run/bench/bench_model.ts";
import { TrainStep } from "../../src/train/train_step.ts";

Deno.test("TrainStep sees the same pictures when they lie in a buffer of its device", async () => {
  using context = new NativeContext({ threads: 1 });
  // 9 x 9 x 3 bytes of one picture are no whole number of words; 12 x 12 x 3 are.
  for (const [size, patch, accumulate] of [[12, 4, 1], [12, 4, 3], [9, 3, 3]]) {
    const base = benchSpec({ width: 32, imageTokens: 10, textTokens: 4, batch: 3, layers: 1 });
    const spec = { ...base, image: { ...base.image, patch } };
    const pixels = Uint8Array.from({ length: 3 * size * size * 3 }, (_, i) => (i * 31) % 251);
    const ids = Int32Array.from({ length: 3 * 4 }, (_, i) => i);
    using buffer = context.buffer(pixels.length);
    buffer.write(0, pixels);
    const losses: number[] = [];
    for (const pictures of [pixels, buffer]) {
      using model = new ClipModel(context, { spec, imageSize: size, textTokens: 4 }, { seed: 2 });
      using step = new TrainStep(model, { batch: 3, accumulate, weightDecay: 0 });
      for (let i = 0; i < 2; i++) {
        losses.push((await step.run(pictures, ids, BENCH_SETTINGS)).loss);
      }
    }
    assert.deepEqual(losses.slice(2), losses.slice(0, 2), `${size} px in ${accumulate} parts`);
    assert.notEqual(losses[0], losses[1]);
  }
});
