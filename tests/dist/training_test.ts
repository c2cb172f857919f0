import assert from "node:assert/strict";
import { SOLO } from "../../src/dist/rank_group.ts";
import { openSafetensors } from "../../src/checkpoint/safetensors.ts";
import { writeTrainShards } from "../run/stream_shards.ts";
import { type SmallTraining, trainSmall } from "./rank_train.ts";
import { runRanks } from "./run_ranks.ts";
import { inFolder } from "../in_folder.ts";

const byRanks = (ranks: number, request: SmallTraining) =>
  runRanks(ranks, ["train", JSON.stringify(request)]);

interface Line {
  readonly stage: string;
  readonly step: number;
  readonly loss: number;
}

function lossesOf(folder: string): Line[] {
  return Deno.readTextFileSync(`${folder}/run/metrics.jsonl`).trim().split("\n")
    .map((line) => JSON.parse(line) as Line)
    .map(({ stage, step, loss }) => ({ stage, step, loss }));
}

/**
 * The lines of a run that was broken off and went on; the step that broke has no line, its loss is in the
 * mean of the next.
 */
function pairedLosses(seen: readonly Line[], whole: readonly Line[]): [Line, Line][] {
  assert.equal(seen.length, whole.length - 1);
  const missing = whole.findIndex(({ stage, step }, i) =>
    seen[i]?.stage !== stage || seen[i].step !== step
  );
  return seen.map((line, i) => {
    const wanted = whole[i < missing ? i : i + 1];
    const mean = i === missing && wanted.stage === whole[missing].stage;
    return [line, mean ? { ...wanted, loss: (whole[missing].loss + wanted.loss) / 2 } : wanted];
  });
}

function weightsOf(folder: string): Float32Array[] {
  const file = openSafetensors(`${folder}/run/weights.safetensors`);
  return file.names.map((name) => file.tensor(name).data);
}

Deno.test("runExperiment gives the loss curve of one rank when two ranks train", () =>
  inFolder(async (dir) => {
    const [one, two] = [`${dir}/one`, `${dir}/two`];
    const alone = await trainSmall(SOLO, { folder: one });
    const { code, stdout, stderr } = await byRanks(2, { folder: two });
    assert.equal(code, 0, stderr);
    const result = JSON.parse(stdout);
    assert.deepEqual(
      [result.samples, Object.keys(result.eval)],
      [alone.samples, ["small"]],
    );
    const [wanted, seen] = [lossesOf(one), lossesOf(two)];
    assert.equal(seen.length, wanted.length);
    seen.forEach(({ stage, step, loss }, i) => {
      assert.deepEqual([stage, step], [wanted[i].stage, wanted[i].step]);
      assert.ok(
        Math.abs(loss - wanted[i].loss) <= 1e-3 * wanted[i].loss,
        `${stage} ${step}: ${loss}`,
      );
    });
    assert.ok(seen.at(-1)!.loss < seen[0].loss, "it learns");
  }));

Deno.test("runExperiment gives the loss curve of one rank when two ranks share a stream's batches", () =>
  inFolder(async (dir) => {
    writeTrainShards(dir, { shards: 4, perShard: 24 });
    const shards = `${dir}/shards/{000..003}.tar`;
    await trainSmall(SOLO, { folder: `${dir}/one`, shards });
    const { code, stderr } = await byRanks(2, { folder: `${dir}/two`, shards });
    assert.equal(code, 0, stderr);
    const [wanted, seen] = [lossesOf(`${dir}/one`), lossesOf(`${dir}/two`)];
    assert.equal(seen.length, wanted.length);
    seen.forEach(({ stage, step, loss }, i) => {
      assert.deepEqual([stage, step], [wanted[i].stage, wanted[i].step]);
      assert.ok(
        Math.abs(loss - wanted[i].loss) <= 1e-3 * wanted[i].loss,
        `${stage} ${step}: ${loss}`,
      );
    });
  }));

Deno.test("runExperiment goes on with the same bits when two ranks are broken off", () =>
  inFolder(async (dir) => {
    const [whole, broken] = [`${dir}/whole`, `${dir}/broken`];
    const first = await byRanks(2, { folder: whole });
    assert.equal(first.code, 0, first.stderr);
    const stopped = await byRanks(2, { folder: broken, breakAt: 23 });
    assert.notEqual(stopped.code, 0);
    assert.match(stopped.stderr, /broken after 23 steps/);
    const resumed = await byRanks(2, { folder: broken, resume: true });
    assert.equal(resumed.code, 0, resumed.stderr);
    for (const [seen, wanted] of pairedLosses(lossesOf(broken), lossesOf(whole))) {
      assert.deepEqual(seen, wanted);
    }
    assert.deepEqual(weightsOf(broken), weightsOf(whole));
  }));

Deno.test("runExperiment goes on alone when two ranks were broken off", () =>
  inFolder(async (dir) => {
    const [one, mixed] = [`${dir}/one`, `${dir}/mixed`];
    await trainSmall(SOLO, { folder: one });
    const stopped = await byRanks(2, { folder: mixed, breakAt: 12 });
    assert.notEqual(stopped.code, 0);
    await trainSmall(SOLO, { folder: mixed, resume: true });
    for (const [{ stage, step, loss }, wanted] of pairedLosses(lossesOf(mixed), lossesOf(one))) {
      assert.ok(Math.abs(loss - wanted.loss) <= 1e-3 * wanted.loss, `${stage} ${step}: ${loss}`);
    }
  }));

Deno.test("runExperiment names both hashes when a rank has another recipe", () =>
  inFolder(async (dir) => {
    const { code, stderr } = await byRanks(2, { folder: dir, otherSeedOn: 1 });
    assert.notEqual(code, 0);
    assert.match(
      stderr,
      /the recipe differs between the ranks: rank 0 has [0-9a-f]{64}, rank 1 has [0-9a-f]{64}/,
    );
  }));

Deno.test("runExperiment names the stage when the ranks cannot share its batch equally", () =>
  inFolder(async (dir) => {
    const { code, stderr } = await byRanks(3, { folder: dir });
    assert.notEqual(code, 0);
    assert.match(stderr, /stage few: a batch of 32 in 1 parts cannot be shared equally by 3 ranks/);
  }));

Deno.test("runExperiment goes on from shares of the optimizer's state on any number of ranks", () =>
  inFolder(async (dir) => {
    const shared = { shard: true, everySteps: 5 };
    const [whole, broken, alone, stopped] = ["whole", "broken", "alone", "stopped"]
      .map((name) => `${dir}/${name}`);
    const first = await byRanks(2, { folder: whole, ...shared });
    assert.equal(first.code, 0, first.stderr);
    // Two ranks with whole states see the same losses; the sums of gradients have the same bits.
    const plain = await byRanks(2, { folder: `${dir}/plain`, everySteps: 5 });
    assert.equal(plain.code, 0, plain.stderr);
    lossesOf(whole).forEach(({ loss }, i) => {
      const wanted = lossesOf(`${dir}/plain`)[i].loss;
      assert.ok(Math.abs(loss - wanted) <= 1e-5 * wanted, `line ${i}: ${loss}, ${wanted}`);
    });
    for (const folder of [broken, alone]) {
      const stopped = await byRanks(2, { folder, breakAt: 23, ...shared });
      assert.notEqual(stopped.code, 0);
      assert.match(stopped.stderr, /broken after 23 steps/);
      // Stopped at step 3 of the second stage: its last checkpoint is the end of the first.
      assert.deepEqual(
        [...Deno.readDirSync(`${folder}/run/checkpoints`)].map(({ name }) => name).sort(),
        ["few-0000015", "few-0000020", "latest"],
      );
    }
    const resumed = await byRanks(2, { folder: broken, resume: true, ...shared });
    assert.equal(resumed.code, 0, resumed.stderr);
    assert.deepEqual(weightsOf(broken), weightsOf(whole));
    assert.deepEqual(lossesOf(broken), lossesOf(whole));
    // When the user stops one rank both end behind the same step, and all of it is kept.
    const halted = await byRanks(2, { folder: stopped, stopAt: 23, stopOn: 1, ...shared });
    assert.notEqual(halted.code, 0);
    assert.match(halted.stderr, /error: another rank was stopped by the user/);
    const kept = [...Deno.readDirSync(`${stopped}/run/checkpoints`)].map(({ name }) => name);
    assert.ok(kept.includes("full-0000003"), `${kept}`);
    const further = await byRanks(2, { folder: stopped, resume: true, ...shared });
    assert.equal(further.code, 0, further.stderr);
    assert.deepEqual(weightsOf(stopped), weightsOf(whole));
    assert.deepEqual(lossesOf(stopped), lossesOf(whole));
    // One process takes up the whole state that two had shared.
    await trainSmall(SOLO, { folder: alone, resume: true, everySteps: 5 });
    lossesOf(alone).forEach(({ loss }, i) => {
      const wanted = lossesOf(whole)[i].loss;
      assert.ok(Math.abs(loss - wanted) <= 1e-3 * wanted, `line ${i}: ${loss}, ${wanted}`);
    });
  }));
