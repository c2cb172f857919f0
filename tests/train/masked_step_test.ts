import assert from "node:assert/strict";
import type { ModelSpec } from "../../src/config/model_spec.ts";
import { ClipModel } from "../../src/model/clip_model.ts";
import { NativeContext } from "../../src/native/context.ts";
import { BENCH_SETTINGS, benchSpec } from "../../src/run/bench/bench_model.ts";
import { FixedTensor } from "../../src/tensor/fixed_tensor.ts";
import { Tape } from "../../src/tensor/tape.ts";
import { TrainStep } from "../../src/train/train_step.ts";

const BATCH = 8, PATCH = 4, SIZE = 16, GRID = SIZE / PATCH, TOKENS = 6, WIDTH = 32;
/** Patches that stay: a square of 2 x 2, so that they form a picture of their own. */
const KEPT = [0, 3, 9, 14];

function spec(): ModelSpec {
  const base = benchSpec({
    width: WIDTH,
    imageTokens: 17,
    textTokens: TOKENS,
    batch: BATCH,
    layers: 2,
    vocabulary: 300,
  });
  return {
    ...base,
    image: { ...base.image, patch: PATCH, position: "learned", classToken: true, pool: "mean" },
  };
}

const pixels = Uint8Array.from(
  { length: BATCH * SIZE * SIZE * 3 },
  (_, i) => Math.imul(i + 1, 2654435761) >>> 24,
);
const ids = Int32Array.from({ length: BATCH * TOKENS }, (_, i) => (i * 37 + 5) % 300);

/** Pictures of 2 x 2 patches that hold the kept patches only, cut out by hand. */
function cutOut(kept: readonly number[]): Uint8Array {
  const small = 2 * PATCH;
  const out = new Uint8Array(BATCH * small * small * 3);
  for (let b = 0; b < BATCH; b++) {
    kept.forEach((patch, k) => {
      for (let y = 0; y < PATCH; y++) {
        for (let x = 0; x < 3 * PATCH; x++) {
          const fromY = Math.floor(patch / GRID) * PATCH + y;
          const toY = Math.floor(k / 2) * PATCH + y;
          const from = (b * SIZE + fromY) * SIZE * 3 + patch % GRID * PATCH * 3 + x;
          out[(b * small + toY) * small * 3 + k % 2 * PATCH * 3 + x] = pixels[from];
        }
      }
    });
  }
  return out;
}

const POSITIONS = "visual.positional_embedding";

/** Loss and gradients of one step; positions of the small model are rows of the large one's. */
async function step(kept: readonly number[] | null, accumulate = 1) {
  using context = new NativeContext({ threads: 1 });
  using large = new ClipModel(context, { spec: spec(), imageSize: SIZE, textTokens: TOKENS }, {
    seed: 5,
  });
  const masked = kept !== null;
  const imageSize = masked ? SIZE : 2 * PATCH;
  using model = new ClipModel(context, { spec: spec(), imageSize, textTokens: TOKENS }, {
    seed: 5,
  });
  for (const { name } of model.parameters.specs) {
    const values = large.parameters.get(name).read();
    const rows = [0, ...KEPT.map((patch) => patch + 1)];
    const picked = name === POSITIONS && !masked
      ? Float32Array.from(
        rows.flatMap((row) => [...values.subarray(row * WIDTH, (row + 1) * WIDTH)]),
      )
      : values;
    model.parameters.get(name).write(picked);
  }
  using train = new TrainStep(model, {
    batch: BATCH,
    accumulate,
    weightDecay: 0.2,
    kept: masked ? 4 : undefined,
  });
  const report = masked
    ? await train.run(
      pixels,
      ids,
      BENCH_SETTINGS,
      Int32Array.from({ length: BATCH * 4 }, (_, i) => kept[i % 4]),
    )
    : await train.run(cutOut(KEPT), ids, BENCH_SETTINGS);
  const gradients = new Map(
    model.parameters.specs.map((
      { name },
    ) => [name, model.parameters.copy(name, "gradient").read()]),
  );
  return { loss: report.loss, gradients };
}

Deno.test("a masked step equals a step on the kept patches cut out by hand, gradients too", async () => {
  const masked = await step(KEPT);
  const reference = await step(null);
  assert.equal(masked.loss, reference.loss);
  for (const [name, gradient] of reference.gradients) {
    if (name !== POSITIONS) assert.deepEqual(masked.gradients.get(name), gradient, name);
  }
  const positions = masked.gradients.get(POSITIONS)!;
  for (let row = 0; row <= GRID * GRID; row++) {
    const at = row === 0 ? 0 : KEPT.indexOf(row - 1) + 1;
    const expected = row > 0 && at === 0
      ? new Float32Array(WIDTH)
      : reference.gradients.get(POSITIONS)!.subarray(at * WIDTH, (at + 1) * WIDTH);
    assert.deepEqual(
      positions.slice(row * WIDTH, (row + 1) * WIDTH),
      expected.slice(),
      `row ${row}`,
    );
  }
});

Deno.test("a masked step gives the gradient of the whole batch when it takes parts", async () => {
  const whole = await step(KEPT);
  const parts = await step(KEPT, 2);
  assert.ok(Math.abs(parts.loss - whole.loss) < 1e-6 * whole.loss);
  for (const [name, gradient] of whole.gradients) {
    let difference = 0, norm = 0;
    gradient.forEach((value, i) => {
      difference += (value - parts.gradients.get(name)![i]) ** 2;
      norm += value ** 2;
    });
    assert.ok(Math.sqrt(difference) <= 1e-5 * Math.sqrt(norm), `${name}: ${difference} of ${norm}`);
  }
});

Deno.test("each picture has its own kept patches when a batch is embedded", async () => {
  using context = new NativeContext({ threads: 1 });
  using model = new ClipModel(context, { spec: spec(), imageSize: SIZE, textTokens: TOKENS }, {
    seed: 5,
  });
  const kept = Int32Array.from({ length: BATCH * 4 }, (_, i) => 4 * (i % 4) + (i >> 2) % 4);
  const features = async (from: number, count: number) => {
    const one = SIZE * SIZE * 3;
    using images = new FixedTensor(context, [count, SIZE, SIZE, 3], {
      dtype: "u8",
      values: pixels.subarray(from * one, (from + count) * one),
    });
    using index = new FixedTensor(context, [count, 4], {
      dtype: "i32",
      values: kept.subarray(from * 4, (from + count) * 4),
    });
    const tape = new Tape(context);
    const output = tape.retain(model.embedImages(tape, images, { kept: index }));
    using program = tape.compile();
    await program.run();
    return output.read();
  };
  const all = await features(0, BATCH);
  for (let i = 0; i < BATCH; i++) {
    const alone = await features(i, 1);
    alone.forEach((value, k) => assert.ok(Math.abs(value - all[i * alone.length + k]) < 1e-6));
  }
  assert.notDeepEqual(all.slice(0, WIDTH), all.slice(WIDTH, 2 * WIDTH));
});

Deno.test("a step refuses kept patches when it has none, and their absence when it has", async () => {
  using context = new NativeContext({ threads: 1 });
  using model = new ClipModel(context, { spec: spec(), imageSize: SIZE, textTokens: TOKENS });
  using masked = new TrainStep(model, { batch: BATCH, weightDecay: 0, kept: 4 });
  await assert.rejects(
    masked.run(pixels, ids, BENCH_SETTINGS),
    /kept patches: seen none; allowed: \[batch, kept\]/,
  );
  using plain = new TrainStep(model, { batch: BATCH, weightDecay: 0 });
  await assert.rejects(
    plain.run(pixels, ids, BENCH_SETTINGS, new Int32Array(32)),
    /seen 32; allowed: none/,
  );
});
