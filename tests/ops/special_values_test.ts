import assert from "node:assert/strict";
import { type NativeBuffer, NativeContext } from "../../src/native/context.ts";
import { Flag, OpKind, StepSlot } from "../../src/native/op_kinds.ts";

const SLOT = 1024; // bytes between tensors
const range = (buffer: NativeBuffer, slot: number, count: number) => ({
  buffer: buffer.handle,
  offset: slot * SLOT,
  bytes: 4 * count,
});

for (const [rule, flags] of [["max", 0], ["add", Flag.NORM_ADD_EPS]] as const) {
  Deno.test(`l2Normalize (${rule}) stays finite when a row is zero`, () => {
    using context = new NativeContext({ threads: 1 });
    using buffer = context.buffer(5 * SLOT);
    const eps = 2 ** -20;
    buffer.write(SLOT, Float32Array.of(1, -2, 0.5));
    const op = { flags, dims: [1, 3], scalars: [eps] };
    const [x, dy, y, dx] = [0, 1, 2, 3].map((slot) => range(buffer, slot, 3));
    const norm = range(buffer, 4, 1);
    context.execute([
      { ...op, kind: OpKind.L2_NORMALIZE, operands: [x, y, norm] },
      { ...op, kind: OpKind.L2_NORMALIZE_BACKWARD, operands: [dy, y, norm, dx] },
    ]);
    assert.deepEqual(buffer.read(2 * SLOT, new Float32Array(3)), new Float32Array(3));
    // At zero both rules divide by eps.
    assert.deepEqual(
      buffer.read(3 * SLOT, new Float32Array(3)),
      Float32Array.of(1 / eps, -2 / eps, 0.5 / eps),
    );
  });
}

Deno.test("softmax gives exact shares when logits are as large as float32 allows", () => {
  using context = new NativeContext({ threads: 1 });
  using buffer = context.buffer(2 * SLOT);
  const rows = [[3e38, -3e38, 0], [1e30, 1e30, -1e30], [-Infinity, 0, -Infinity]];
  buffer.write(0, Float32Array.from(rows.flat()));
  context.execute([{
    kind: OpKind.SOFTMAX,
    dims: [3, 3],
    operands: [range(buffer, 0, 9), range(buffer, 1, 9)],
  }]);
  assert.deepEqual(
    buffer.read(SLOT, new Float32Array(9)),
    Float32Array.of(1, 0, 0, 0.5, 0.5, 0, 0, 1, 0),
  );
});

Deno.test("attention picks one value exactly when its score is far above the others", () => {
  using context = new NativeContext({ threads: 1 });
  using buffer = context.buffer(3 * SLOT);
  // Two tokens, one head of 4: every query is 1e3 times the second key.
  const one = [1, 0, 0, 0];
  const token = (key: number[], v: number[]) => [...one.map((q) => 1e3 * q), ...key, ...v];
  const values = [[1, 2, 3, 4], [5, 6, 7, 8]];
  buffer.write(
    0,
    Float32Array.from([token([0, 0, 0, 0], values[0]), token(one, values[1])].flat()),
  );
  const operands = [range(buffer, 0, 24), range(buffer, 1, 8), range(buffer, 2, 2)];
  const op = { kind: OpKind.ATTENTION, dims: [1, 2, 1, 4], scalars: [0.5], operands };
  context.execute([op]);
  assert.deepEqual([...buffer.read(SLOT, new Float32Array(8))], [...values[1], ...values[1]]);
  context.execute([{ ...op, flags: Flag.CAUSAL }]);
  assert.deepEqual([...buffer.read(SLOT, new Float32Array(8))], values.flat());
});

/** Hits of the contrastive op for features [total, width] on both sides. */
function hits(image: number[][], text: number[][]): number[] {
  const total = image.length;
  const width = image[0].length;
  using context = new NativeContext({ threads: 1 });
  using buffer = context.buffer(8 * SLOT);
  buffer.write(0, Float32Array.from(image.flat()));
  buffer.write(SLOT, Float32Array.from(text.flat()));
  const operands = [total * width, total * width, 1, 1, total, total, 2]
    .map((count, slot) => range(buffer, slot, count));
  context.execute([{ kind: OpKind.CONTRASTIVE, dims: [total, total, width, 0], operands }]);
  return [...buffer.read(6 * SLOT, new Float32Array(2))];
}

Deno.test("contrastive counts a tie as a miss when two texts are the same", () => {
  const different = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
  assert.deepEqual(hits(different, different), [3, 3]);
  // Images 0 and 1 score texts 0 and 1 alike, so neither is right; text rows still differ.
  assert.deepEqual(hits([[1, 0, 0], [0.5, 0, 0], [0, 0, 1]], [[1, 0, 0], [1, 0, 0], [0, 0, 1]]), [
    1,
    2,
  ]);
  const same = different.map(() => [1, 1, 1]);
  assert.deepEqual(hits(same, same), [0, 0]);
});

// 3e38 is finite; unclipped, its square is not, and the second moment would stay infinite.
for (const [bad, clipNorm] of [[Infinity, 0.5], [-Infinity, 0.5], [NaN, 0.5], [3e38, 0]]) {
  Deno.test(`the update is skipped and nothing changes when a gradient is ${bad}, clipped at ${clipNorm}`, () => {
    using context = new NativeContext({ threads: 2 });
    const n = 40_000;
    using buffer = context.buffer(6 * 4 * n);
    const at = (slot: number, count = n) => ({
      buffer: buffer.handle,
      offset: slot * 4 * n,
      bytes: 4 * count,
    });
    const gradient = new Float32Array(n).fill(0.5);
    gradient[n - 1] = bad;
    const step = new Float32Array(StepSlot.SLOTS).fill(0.5);
    step[StepSlot.CLIP_NORM] = clipNorm;
    const start = Float32Array.from({ length: n }, (_, i) => i % 7);
    for (const slot of [0, 2, 3, 4]) buffer.write(slot * 4 * n, start);
    buffer.write(4 * n, gradient);
    buffer.write(5 * 4 * n, step);
    const [parameter, g, m, v, average] = [0, 1, 2, 3, 4].map((slot) => at(slot));
    const block = at(5, StepSlot.SLOTS);
    context.execute([
      { kind: OpKind.GRADIENT_NORM, dims: [n], operands: [g, block] },
      { kind: OpKind.ADAMW, dims: [n], scalars: [0.1, 1], operands: [parameter, g, m, v, block] },
      { kind: OpKind.AVERAGE, dims: [n], operands: [parameter, block, average] },
      { kind: OpKind.CLAMP, dims: [n], operands: [parameter, block] },
    ]);
    const after = buffer.read(5 * 4 * n, new Float32Array(StepSlot.SLOTS));
    assert.equal(after[StepSlot.SKIP], 1);
    assert.equal(Number.isFinite(after[StepSlot.GRADIENT_NORM]), Number.isFinite(bad));
    for (const slot of [0, 2, 3, 4]) {
      assert.deepEqual(buffer.read(slot * 4 * n, new Float32Array(n)), start, `tensor ${slot}`);
    }
  });
}

Deno.test("a gradient whose squares overflow float32 has its norm and is clipped to the limit", () => {
  const n = 40_000;
  const norms: number[] = [];
  for (const threads of [1, 3]) {
    using context = new NativeContext({ threads });
    using buffer = context.buffer(5 * 4 * n);
    const at = (slot: number, count = n) => ({
      buffer: buffer.handle,
      offset: slot * 4 * n,
      bytes: 4 * count,
    });
    const gradient = new Float32Array(n).fill(0.5);
    gradient[7] = 3e30;
    gradient[n - 1] = -4e30;
    buffer.write(4 * n, gradient);
    const step = new Float32Array(StepSlot.SLOTS).fill(0.5, 0, StepSlot.LOSS_LIMIT);
    buffer.write(4 * 4 * n, step);
    const [parameter, g, m, v] = [0, 1, 2, 3].map((slot) => at(slot));
    const block = at(4, StepSlot.SLOTS);
    context.execute([
      { kind: OpKind.GRADIENT_NORM, dims: [n], operands: [g, block] },
      { kind: OpKind.ADAMW, dims: [n], scalars: [0, 1], operands: [parameter, g, m, v, block] },
    ]);
    const after = buffer.read(4 * 4 * n, new Float32Array(StepSlot.SLOTS));
    assert.equal(after[StepSlot.SKIP], 0);
    assert.equal(after[StepSlot.GRADIENT_NORM], Math.fround(5e30));
    // beta1 is 0.5, and clipping leaves 0.6, 0.8 times the limit of 0.5.
    const first = buffer.read(2 * 4 * n, new Float32Array(n));
    assert.ok(Math.abs(first[7] - 0.15) < 1e-6, `${first[7]}`);
    assert.ok(Math.abs(first[n - 1] + 0.2) < 1e-6, `${first[n - 1]}`);
    norms.push(after[StepSlot.CLIP_FACTOR]);
  }
  assert.equal(norms[0], norms[1]);
});
