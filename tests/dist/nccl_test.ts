import assert from "node:assert/strict";
import { runStep, type StepRequest } from "./rank_step.ts";
import { runNcclRanks } from "./run_nccl_ranks.ts";
import { inFolder } from "../in_folder.ts";

// The CUDA library's sources and the communicator's, on emulated devices and a stand-in of NCCL.

/** The calls of every rank, by communicator. */
function readCalls(dir: string, ranks: number): string[][][] {
  const names = new Set([...Deno.readDirSync(dir)].map(({ name }) => name.replace(/\.\d+$/, "")));
  return [...names].sort().map((name) =>
    Array.from(
      { length: ranks },
      (_, rank) => Deno.readTextFileSync(`${dir}/${name}.${rank}`).trim().split("\n"),
    )
  );
}

Deno.test("ranks on CUDA exchange texts, values and turns when three meet", async () => {
  const found = await runNcclRanks(3, ["exchange"]);
  for (const { code, stderr } of found) assert.equal(code, 0, stderr);
  const { names, shared, all, order } = JSON.parse(found[0].stdout);
  assert.deepEqual(names, ["n", "n0", "n00"]);
  assert.deepEqual(shared, { a: [1, "x"], b: null });
  assert.equal(new Set(all).size, 1);
  assert.deepEqual(order, [0]);
});

Deno.test("collectives of a program are the same when it runs, is recorded and is replayed", () =>
  inFolder(async (dir) => {
    for (const runs of [1, 5]) {
      const logs = `${dir}/${runs}`;
      Deno.mkdirSync(logs);
      const found = await runNcclRanks(3, ["ops", String(runs)], { CLIPA_FAKE_NCCL_LOG: logs });
      for (const { code, stderr } of found) assert.equal(code, 0, stderr);
      const { sum, parts, hashes } = JSON.parse(found[0].stdout);
      const own = (rank: number) =>
        Float32Array.from(
          { length: 1000 },
          (_, i) => (rank % 2 === 0 ? 1 : -1) * 1e7 + (i + 1) / (rank + 3),
        );
      const all = [0, 1, 2].map(own);
      // The stand-in adds up in the order of the ranks, in float32.
      const exact = all[0].map((value, i) => Math.fround(value + all[1][i]) + all[2][i]);
      assert.deepEqual(sum, [...exact]);
      assert.equal(new Set(hashes).size, 1);
      parts.forEach((part: number[], rank: number) => {
        assert.deepEqual(part, [...all[rank].map((value) => Math.fround(2 * value) + value)]);
      });
      const calls = readCalls(logs, 3);
      assert.equal(calls.length, 2, "one communicator for the ops, one for the host");
      // Every rank made the same calls in the same order.
      for (const [first, ...others] of calls) others.forEach((o) => assert.deepEqual(o, first));
      const ops = calls.find(([first]) => first[0] === "all-reduce 1000")![0];
      const recorded = ops.filter((line) => line.endsWith("recorded"));
      const once = ["all-reduce 1000", "all-gather 1000", "reduce-scatter 1000"];
      assert.deepEqual(ops.slice(0, 3), once);
      assert.deepEqual(recorded, runs === 1 ? [] : once.map((line) => `${line} recorded`));
    }
  }));

for (
  const request of [{ batch: 6 }, { batch: 12, accumulate: 3 }, {
    batch: 6,
    loss: "sigmoid",
  }] as const
) {
  Deno.test(`TrainStep gives one rank's gradients when 2 ranks on CUDA share ${JSON.stringify(request)}`, async () => {
    const asked: StepRequest = { ...request, steps: 4 };
    const found = await runNcclRanks(2, ["step", JSON.stringify(asked)]);
    for (const { code, stderr } of found) assert.equal(code, 0, stderr);
    const many = JSON.parse(found[0].stdout);
    // The towers' streams may run in any order that their waits allow, and with the sums beside them.
    const late = await runNcclRanks(2, ["step", JSON.stringify(asked)], {
      CLIPA_EMULATED_ORDER: "late",
    });
    for (const { code, stderr } of late) assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(late[0].stdout), many);
    const one = await runStep({ rank: 0, size: 1 }, { ...asked, accumulate: undefined });
    assert.equal(new Set(many.hashes).size, 1);
    // Later steps replay recordings.
    many.losses.forEach((loss: number, i: number) => {
      assert.ok(Math.abs(loss - one.losses[i]) <= 1e-5 * one.losses[i], `step ${i}: ${loss}`);
    });
    for (const [name, gradient] of Object.entries(one.gradients)) {
      const norm = Math.hypot(...gradient) || 1;
      const off = Math.hypot(...gradient.map((value, i) => value - many.gradients[name][i]));
      assert.ok(off <= 1e-5 * norm, `${name}: ${off / norm}`);
    }
  });
}

Deno.test("sums beside two streams give the same bits in any order when the optimizer's state is shared", async () => {
  // Small buckets: some hold gradients of one tower alone, and start on its stream.
  const asked: StepRequest = { batch: 6, steps: 4, shard: 512 };
  const orders: Record<string, string>[] = [
    { CLIPA_STREAMS: "1" },
    {},
    { CLIPA_EMULATED_ORDER: "late" },
    { CLIPA_EMULATED_ORDER: "early" },
  ];
  const results: string[] = [];
  for (const env of orders) {
    const found = await runNcclRanks(2, ["step", JSON.stringify(asked)], env);
    for (const { code, stderr } of found) assert.equal(code, 0, stderr);
    const { losses, norms, values, averages } = JSON.parse(found[0].stdout);
    results.push(JSON.stringify({ losses, norms, values, averages }));
  }
  results.forEach((result, i) => assert.ok(result === results[0], JSON.stringify(orders[i])));
});
