import assert from "node:assert/strict";
import { ClipModel } from "../../src/model/clip_model.ts";
import { NativeContext } from "../../src/native/context.ts";
import { joinParts, ownParts, shardBuckets } from "../../src/tensor/shard.ts";
import { TrainStep } from "../../src/train/train_step.ts";
import { smallShape } from "../onnx/small_models.ts";
import type { StepRequest } from "./rank_step.ts";
import { runNcclRanks } from "./run_nccl_ranks.ts";
import { runRanks } from "./run_ranks.ts";

interface Found {
  readonly losses: number[];
  readonly norms: number[];
  readonly values: Record<string, number[]>;
  readonly averages: Record<string, number[]>;
  readonly hashes: string[];
  readonly bytes: number;
  readonly floats: number;
}

async function byRanks(ranks: number, request: StepRequest): Promise<Found> {
  const { code, stdout, stderr } = await runRanks(ranks, ["step", JSON.stringify(request)]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

function distance(a: Record<string, number[]>, b: Record<string, number[]>): number {
  return Math.max(
    ...Object.keys(b).map((name) => {
      const off = Math.hypot(...a[name].map((value, i) => value - b[name][i]));
      return off / (Math.hypot(...b[name]) || 1);
    }),
  );
}

for (
  const [ranks, request] of [
    [2, { batch: 6, shard: 256 }],
    [3, { batch: 12, shard: 1000 }],
    [2, { batch: 12, accumulate: 3, shard: 1 << 18 }],
  ] as const
) {
  Deno.test(`TrainStep gives the same bits when ${ranks} ranks share the optimizer's state: ${JSON.stringify(request)}`, async () => {
    const unclipped = { ...request, steps: 5, clipNorm: 1e9 };
    const shared = await byRanks(ranks, unclipped);
    const whole = await byRanks(ranks, { ...unclipped, shard: undefined });
    assert.deepEqual(shared.losses, whole.losses);
    assert.deepEqual(shared.values, whole.values);
    assert.deepEqual(shared.averages, whole.averages);
    shared.norms.forEach((norm, i) => {
      assert.ok(Math.abs(norm - whole.norms[i]) <= 1e-6 * whole.norms[i], `step ${i}: ${norm}`);
    });
    assert.ok(whole.losses[4] < whole.losses[0], "it learns");
    assert.equal(new Set(shared.hashes).size, 1);
    // Two moments of four bytes: each rank has its part of them.
    const saved = whole.bytes - shared.bytes;
    const expected = 8 * whole.floats * (1 - 1 / ranks);
    assert.ok(saved > 0.9 * expected && saved <= 1.1 * expected, `${saved} of ${expected} bytes`);
  });
}

Deno.test("TrainStep clips by the same norm when ranks share the optimizer's state", async () => {
  // One step: behind it Adam makes updates of full size from gradients that are rounding errors alone,
  // such as those of key biases, and those of two runs that differ by a bit are not comparable.
  const request = { batch: 6, steps: 1, clipNorm: 1e-2 };
  const shared = await byRanks(2, { ...request, shard: 512 });
  const whole = await byRanks(2, request);
  assert.ok(whole.norms[0] > 0.02, `${whole.norms}`);
  // The norm is one of float32 norms: its last bit, and so the clipped gradients', may differ.
  assert.ok(distance(shared.values, whole.values) <= 1e-6);
  const free = await byRanks(2, { ...request, clipNorm: 1e9 });
  assert.ok(distance(free.values, whole.values) > 1e-6, "clipping is felt");
});

Deno.test("TrainStep gives the same bits on CUDA when ranks share the optimizer's state", async () => {
  const onCuda = async (shard?: number): Promise<Found> => {
    const request = { batch: 6, steps: 4, shard, clipNorm: 1e9 };
    const found = await runNcclRanks(2, ["step", JSON.stringify(request)]);
    for (const { code, stderr } of found) assert.equal(code, 0, stderr);
    return JSON.parse(found[0].stdout);
  };
  const shared = await onCuda(512), whole = await onCuda();
  assert.deepEqual(shared.losses, whole.losses);
  assert.deepEqual(shared.values, whole.values);
  assert.equal(new Set(shared.hashes).size, 1);
});

Deno.test("parts of all ranks give the whole again, whatever the buckets", () => {
  for (const [total, size, bucket] of [[96, 2, 64], [480, 3, 100], [4096, 4, 1], [320, 5, 1e6]]) {
    const buckets = shardBuckets(total, { rank: 0, size, bucket });
    const whole = Float32Array.from({ length: total }, (_, i) => i);
    const parts = new Float32Array(total);
    for (let rank = 0; rank < size; rank++) {
      parts.set(ownParts(whole, buckets, rank, size), rank * total / size);
    }
    assert.deepEqual(joinParts(parts, buckets, size), whole);
  }
  assert.throws(() => shardBuckets(90, { rank: 0, size: 2 }), /90 floats are no multiple of 32/);
});

Deno.test("TrainStep clips updates as one rank's state does when ranks share it", async () => {
  const request = { batch: 6, steps: 1, clipNorm: 1e9 };
  // In the first step every update has a root mean square of 1, so that half of it is allowed.
  const clipped = { ...request, clipUpdate: 0.5 };
  const whole = await byRanks(2, clipped);
  const free = await byRanks(2, request);
  assert.ok(distance(free.values, whole.values) > 1e-4, "clipping is felt");
  // One bucket for most tensors, and many for each.
  for (const shard of [1 << 18, 256]) {
    const shared = await byRanks(2, { ...clipped, shard });
    const off = distance(shared.values, whole.values);
    assert.ok(off <= 1e-7, `buckets of ${shard}: ${off}`);
    assert.equal(new Set(shared.hashes).size, 1);
  }
  // Where nothing is clipped there is nothing to round.
  const loose = { ...request, steps: 3, clipUpdate: 1e4 };
  const most = await byRanks(2, { ...loose, shard: 1000 });
  assert.deepEqual(most.values, (await byRanks(2, loose)).values);
});

Deno.test("TrainStep refuses a model with another share of the state", () => {
  using context = new NativeContext({ threads: 1 });
  using model = new ClipModel(context, smallShape(), { shard: { rank: 1, size: 2 } });
  const step = (options: object) => new TrainStep(model, { batch: 4, weightDecay: 0, ...options });
  assert.throws(
    () => step({ ranks: { rank: 0, size: 2 } }),
    /the model keeps share 1 of 2 of the optimizer's state, the step is for rank 0 of 2/,
  );
  assert.throws(() => step({}), /the step is for rank 0 of 1/);
});
