import assert from "node:assert/strict";
import type { Expectation } from "../goldens/expectation.ts";
import { runRanks } from "./run_ranks.ts";
import { readStepGolden, runStep, type StepGolden, type StepRequest } from "./rank_step.ts";

type Found = Awaited<ReturnType<typeof runStep>> & { hashes: string[] };

interface GradientGolden extends StepGolden {
  readonly loss: number;
  readonly parameters: Readonly<
    Record<string, { readonly range: [number, number]; readonly gradient: Expectation }>
  >;
}

async function byRanks(ranks: number, request: StepRequest): Promise<Found> {
  const { code, stdout, stderr } = await runRanks(ranks, ["step", JSON.stringify(request)]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

const alone = (request: StepRequest) => runStep({ rank: 0, size: 1 }, request);

function distance(a: readonly number[], b: readonly number[]): number {
  const norm = (values: readonly number[]) => Math.hypot(...values);
  return norm(a.map((value, i) => value - b[i])) / (norm(b) || 1);
}

/** The largest distance of any gradient from the one in double precision. */
function error(gradients: Record<string, number[]>, golden: GradientGolden): number {
  let squares = 0, wanted = 0;
  for (const [name, { gradient }] of Object.entries(golden.parameters)) {
    const exact = gradient.values?.map(Number);
    if (!exact) continue;
    exact.forEach((value, i) => {
      squares += (gradients[name][i] - value) ** 2;
      wanted += value ** 2;
    });
  }
  assert.ok(wanted > 0, "the golden has whole gradients");
  return Math.sqrt(squares / wanted);
}

for (
  const [ranks, request] of [
    [2, { batch: 6 }],
    [3, { batch: 6 }],
    [4, { batch: 12 }],
    [2, { batch: 12, accumulate: 3 }],
    [2, { batch: 12, loss: "whole" }],
    [2, { batch: 12, loss: "rows" }],
    [3, { batch: 12, loss: "sigmoid" }],
    [2, { batch: 12, loss: "sigmoid", accumulate: 3 }],
    [2, { batch: 12, loss: "rows", accumulate: 2 }],
  ] as const
) {
  Deno.test(`TrainStep gives one rank's gradients when ${ranks} ranks share ${JSON.stringify(request)}`, async () => {
    const loss = "loss" in request ? request.loss : undefined;
    const one = await alone({ batch: request.batch, loss });
    const many = await byRanks(ranks, request);
    assert.ok(Math.abs(many.losses[0] - one.losses[0]) <= 1e-6 * Math.abs(one.losses[0]));
    // JSON has null where a loss counts no hits.
    assert.deepEqual(many.hits, JSON.parse(JSON.stringify(one.hits)));
    for (const [name, gradient] of Object.entries(one.gradients)) {
      const relative = distance(many.gradients[name], gradient);
      assert.ok(relative <= 1e-5, `${name}: ${relative}`);
    }
    // All ranks made the same update, to the bit.
    assert.equal(new Set(many.hashes).size, 1);
    assert.equal(many.hashes.length, ranks);
  });
}

Deno.test("TrainStep is as exact on 2 and 3 ranks as on one, against double precision", async () => {
  const golden = readStepGolden<GradientGolden>();
  const { batch } = golden.shape;
  const one = error((await alone({ batch })).gradients, golden);
  assert.ok(one > 0 && one < 1e-5, `one rank: ${one}`);
  for (const ranks of [2, 3]) {
    const many = error((await byRanks(ranks, { batch })).gradients, golden);
    assert.ok(many <= 2 * one, `${ranks} ranks: ${many}, one rank: ${one}`);
  }
});

Deno.test("TrainStep gives the same bits on two ranks when it runs again", async () => {
  const request = { batch: 12, accumulate: 2, steps: 4 };
  const first = await byRanks(2, request);
  assert.deepEqual(await byRanks(2, request), first);
  const one = await alone({ batch: 12, steps: 4 });
  first.losses.forEach((loss, i) => {
    assert.ok(Math.abs(loss - one.losses[i]) <= 1e-5 * one.losses[i], `step ${i}: ${loss}`);
  });
});

Deno.test("sums over the ranks are added up in rank order when their terms cancel", async () => {
  const { code, stdout, stderr } = await runRanks(3, ["ops"]);
  assert.equal(code, 0, stderr);
  const { sum, parts, hashes } = JSON.parse(stdout);
  const own = (rank: number) =>
    Float32Array.from(
      { length: 1000 },
      (_, i) => (rank % 2 === 0 ? 1 : -1) * 1e7 + (i + 1) / (rank + 3),
    );
  const all = [0, 1, 2].map(own);
  const exact = all[0].map((value, i) => value + all[1][i] + all[2][i]);
  assert.deepEqual(sum, [...exact]);
  assert.equal(new Set(hashes).size, 1);
  // Every rank gathered the same rows, so part r of their sum is three times row r.
  parts.forEach((part: number[], rank: number) => {
    assert.deepEqual(part, [...all[rank].map((value) => 3 * value)]);
  });
});

Deno.test("a group exchanges texts, values and turns when three ranks meet", async () => {
  const { code, stdout, stderr } = await runRanks(3, ["exchange"]);
  assert.equal(code, 0, stderr);
  const { names, shared, all, order } = JSON.parse(stdout);
  assert.deepEqual(names, ["n", "n0", "n00"]);
  assert.deepEqual(shared, { a: [1, "x"], b: null });
  assert.equal(new Set(all).size, 1);
  assert.deepEqual(order, [0]);
});
