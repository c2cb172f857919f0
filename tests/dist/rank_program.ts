/**
 * One of several ranks, started by mpirun or as a rank of the CUDA library: `rank_program.ts <mode> [argument]`. Rank 0 prints one
 * line of JSON.
 *
 * @module
 */
import { inGroup } from "../../src/dist/in_group.ts";
import { partFromRanks } from "../../src/dist/part_from_ranks.ts";
import { agree, type RankGroup } from "../../src/dist/rank_group.ts";
import { NativeContext } from "../../src/native/context.ts";
import { nameOf } from "../../src/native/device.ts";
import { chosenDevice } from "../../src/native/library.ts";
import { DistOpKind } from "../../src/native/dist_symbols.ts";
import { sha256 } from "../../src/checkpoint/safetensors.ts";
import { poisonBatches } from "../trust/poison.ts";
import { POISONED, spikeRecipe } from "../trust/rows/spikes.ts";
import { runSmall } from "../trust/small_experiment.ts";
import { trainSmall } from "./rank_train.ts";
import { runStep } from "./rank_step.ts";

const [mode, argument] = Deno.args;
const controller = new AbortController();

const MODES: Record<string, (group: RankGroup) => Promise<unknown>> = {
  async exchange(group) {
    const names = await group.gather(`n${"0".repeat(group.rank)}`);
    const shared = await group.share(group.rank === 0 ? { a: [1, "x"], b: null } : undefined);
    const values = Float32Array.from({ length: 100_000 }, (_, i) => group.rank + i);
    await group.broadcast(values);
    const order: number[] = [];
    await group.inTurn(() => order.push(group.rank));
    const all = await group.gather(`${values[0]},${values[99_999]},${JSON.stringify(shared)}`);
    return { names, shared, all, order };
  },
  // Sums whose value depends on the order of the terms: 1e8 + 1 - 1e8 and so on.
  async ops(group) {
    using context = new NativeContext({ threads: 1 });
    const n = 1000, { rank, size } = group;
    using x = context.buffer(4 * n),
      all = context.buffer(4 * n * size),
      part = context.buffer(4 * n);
    const values = Float32Array.from(
      { length: n },
      (_, i) => (rank % 2 === 0 ? 1 : -1) * 1e7 + (i + 1) / (rank + 3),
    );
    x.write(0, values);
    const ref = (buffer: { handle: bigint; bytes: number }) => ({
      buffer: buffer.handle,
      offset: 0,
      bytes: buffer.bytes,
    });
    using program = context.program([
      { kind: DistOpKind.ALL_REDUCE_START, dims: [n, 7], operands: [ref(x)] },
      { kind: DistOpKind.ALL_GATHER, dims: [n, size], operands: [ref(x), ref(all)] },
      { kind: DistOpKind.ALL_REDUCE_FINISH, dims: [n, 7], operands: [ref(x)] },
      { kind: DistOpKind.REDUCE_SCATTER, dims: [n, size], operands: [ref(all), ref(part)] },
    ]);
    // CUDA records the third run and replays it from then on.
    for (let run = 0; run < Number(argument ?? 1); run++) {
      x.write(0, values);
      await program.run();
    }
    const sum = x.read(0, new Float32Array(n));
    const hashes = await group.gather(sha256(new Uint8Array(sum.buffer)));
    const parts = await group.gather(JSON.stringify([...part.read(0, new Float32Array(n))]));
    return { hashes, sum: [...sum], parts: parts.map((text) => JSON.parse(text)) };
  },
  async step(group) {
    const request = JSON.parse(argument);
    const found = await runStep(group, request);
    const hashes = await group.gather(sha256(new TextEncoder().encode(JSON.stringify(found))));
    return { ...found, hashes };
  },
  async disagree(group) {
    await agree(group, "the recipe", `hash-${group.rank}`);
    return null;
  },
  // Rank 1 lives and does nothing.
  async idle(group) {
    if (group.rank === 1) await new Promise((resolve) => setTimeout(resolve, 60_000));
    await group.barrier();
    return null;
  },
  async throws(group) {
    if (group.rank === 1) throw new Error("the disk of rank 1 is full");
    await group.barrier();
    return null;
  },
  // A short run of the small set: `folder`, and after how many steps it is interrupted.
  async train(group) {
    return await trainSmall(group, JSON.parse(argument), controller);
  },
  // A run that meets spikes and goes back: `dir`, `out`, and where one of the ranks is killed.
  async spikes(group) {
    const { dir, out, resume, killAt, killOn, shardOptimizer } = JSON.parse(argument);
    using _ = poisonBatches(384, (batch) => POISONED.includes(batch), group.size);
    await runSmall(dir, out, {
      recipe: spikeRecipe(),
      resume,
      group,
      shardOptimizer,
      onStep: (steps) => {
        if (steps === killAt && group.rank === killOn) Deno.kill(Deno.pid, "SIGKILL");
      },
    });
    return null;
  },
  // Sums in a program, until somebody is gone; `argument` is a rank that stops taking part.
  async steps(group) {
    using context = new NativeContext({ threads: 1 });
    using x = context.buffer(4 * 64);
    const operands = [{ buffer: x.handle, offset: 0, bytes: 4 * 64 }];
    using program = context.program([
      { kind: DistOpKind.ALL_REDUCE_START, dims: [64, 1], operands },
      { kind: DistOpKind.ALL_REDUCE_FINISH, dims: [64, 1], operands },
    ]);
    await program.run();
    const pids = await group.gather(String(Deno.pid));
    if (group.rank === 0) console.log(JSON.stringify(pids));
    for (;;) {
      if (argument === String(group.rank)) await new Promise((go) => setTimeout(go, 60_000));
      await program.run();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  },
  // Ranks whose calls differ.
  async differ(group) {
    using context = new NativeContext({ threads: 1 });
    using x = context.buffer(4 * 64 * group.size);
    const n = 32 + group.rank;
    const operands = [
      { buffer: x.handle, offset: 4 * n * group.rank, bytes: 4 * n },
      { buffer: x.handle, offset: 0, bytes: 4 * n * group.size },
    ];
    using program = context.program([
      { kind: DistOpKind.ALL_GATHER, dims: [n, group.size], operands },
    ]);
    await program.run();
    return null;
  },
  // Works together until somebody is gone.
  async forever(group) {
    const pids = await group.gather(String(Deno.pid));
    if (group.rank === 0) console.log(JSON.stringify(pids));
    for (;;) {
      await group.barrier();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  },
};

try {
  const result = await inGroup(
    (name) => Deno.env.get(name),
    nameOf(chosenDevice()),
    controller.signal,
    async (group) => [group.rank, await MODES[mode](group)] as const,
  );
  if (result[0] === 0) console.log(JSON.stringify(result[1]));
  Deno.exit(0);
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : error}`);
  await partFromRanks();
  Deno.exit(1);
}
