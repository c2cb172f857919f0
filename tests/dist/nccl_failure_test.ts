import assert from "node:assert/strict";
import { openNcclGroup } from "../../src/dist/nccl_group.ts";
import { readRanks } from "../../src/dist/ranks.ts";
import { type NcclRank, runNcclRanks, startNcclRanks } from "./run_nccl_ranks.ts";

// As failure_test.ts, for ranks of the CUDA library on emulated devices and a stand-in of NCCL.

/** Ranks that work together until one is disturbed; what the others said, and after how long. */
async function disturb(
  mode: string,
  rank: number,
  signal: Deno.Signal,
): Promise<
  { pid: number; others: { rank: number; stderr: string; code: number }[]; seconds: number }
> {
  const dir = await Deno.makeTempDir();
  let ranks: NcclRank[] = [];
  try {
    const env = { CLIPA_DIST_SILENCE: "3", CLIPA_FAKE_NCCL_LOG: dir };
    ranks = startNcclRanks(3, [mode], env);
    await untilBusy(dir);
    const started = performance.now();
    const { pid } = ranks[rank].child;
    Deno.kill(pid, signal);
    const outcomes = await Promise.all(
      ranks.map(({ outcome }, i) => i === rank ? null : outcome),
    );
    const seconds = (performance.now() - started) / 1000;
    const others = outcomes.flatMap((outcome, i) => outcome ? [{ rank: i, ...outcome }] : []);
    return { pid, others, seconds };
  } finally {
    for (const { child, outcome } of ranks) {
      try {
        child.kill("SIGKILL");
      } catch { /* it has ended */ }
      await outcome;
    }
    await Deno.remove(dir, { recursive: true });
  }
}

/** Waits until a communicator has made three calls: in a program the third is a recording. */
async function untilBusy(dir: string): Promise<void> {
  for (const until = performance.now() + 60_000; performance.now() < until;) {
    const lines = [...Deno.readDirSync(dir)].map(({ name }) =>
      Deno.readTextFileSync(`${dir}/${name}`).split("\n").length
    );
    if (Math.max(0, ...lines) > 3) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the ranks made no calls within a minute");
}

for (
  const [mode, rank, signal, why] of [
    ["steps", 1, "SIGKILL", "is gone: its connection was closed"],
    ["steps", 2, "SIGSTOP", "gave no sign of life"],
    ["steps", 0, "SIGKILL", "is gone: its connection was closed"],
    ["forever", 0, "SIGSTOP", "gave no sign of life"],
    ["forever", 1, "SIGKILL", "is gone: its connection was closed"],
  ] as const
) {
  Deno.test(`the other ranks on CUDA end and name rank ${rank} in ${mode} after ${signal}`, async () => {
    const { pid, others, seconds } = await disturb(mode, rank, signal);
    assert.ok(seconds < 15, `${seconds} s`);
    assert.equal(others.length, 2);
    for (const other of others) {
      assert.equal(other.code, 1, other.stderr);
      const said = `rank ${other.rank} ends: .*rank ${rank} \\(process ${pid} on \\S+\\) ${why}`;
      assert.match(other.stderr, new RegExp(said));
    }
  });
}

Deno.test("every rank on CUDA names the one that lives but does not take part", async () => {
  const ranks = startNcclRanks(3, ["steps", "1"], { CLIPA_DIST_TIMEOUT: "2" });
  for (const rank of [0, 2]) {
    const { code, stderr } = await ranks[rank].outcome;
    assert.equal(code, 1);
    const said = "a collective of a step took longer than 2 s: rank 1 \\(process " +
      `${ranks[1].child.pid} on \\S+\\) lives but does not take part`;
    assert.match(stderr, new RegExp(said));
  }
  ranks[1].child.kill("SIGKILL");
  await ranks[1].outcome;
});

Deno.test("every rank on CUDA says why when NCCL fails on one of them", async () => {
  const found = await runNcclRanks(2, ["ops", "4"], { CLIPA_FAKE_NCCL_FAIL: "1:4" });
  for (const { code, stderr } of found) assert.equal(code, 1, stderr);
  assert.match(found[1].stderr, /NCCL: unhandled system error/);
  assert.match(found[0].stderr, /rank 0 ends: .*rank 1 .*(ended: .*NCCL: unhandled|is gone)/);
});

Deno.test("ranks on CUDA fail when their calls differ", async () => {
  const found = await runNcclRanks(2, ["differ"]);
  for (const { code, stderr } of found) {
    assert.equal(code, 1, stderr);
    assert.match(stderr, /NCCL: invalid usage/);
  }
});

const BAD: readonly [name: string, env: Record<string, string>, said: RegExp][] = [
  [
    "NCCL is missing",
    { CLIPA_NCCL_LIBRARY: "/nowhere/libnccl.so" },
    /NCCL cannot be opened \(.*nowhere.*\); deno task build:cuda fetches it, or set CLIPA_NCCL/,
  ],
  [
    "NCCL is too old",
    { CLIPA_FAKE_NCCL_VERSION: "21805" },
    /NCCL 2\.18\.5 is too old; allowed: 2\.27\.0 or newer, which is built for CUDA 13/,
  ],
  ["NCCL is much too old", { CLIPA_FAKE_NCCL_VERSION: "2804" }, /NCCL 2\.8\.4 is too old/],
  [
    "the library is another",
    { CLIPA_NCCL_LIBRARY: "libm.so.6" },
    /the library has no ncclGetVersion; allowed: NCCL 2\.27 or newer/,
  ],
  [
    "two ranks have one GPU",
    { CLIPA_EMULATED_BUS: "3" },
    /rank 0 \(process \d+ on \S+\) and rank 1 \(process \d+ on \S+\) both use the GPU 0000:03:00\.0 /,
  ],
  [
    "there are fewer GPUs than ranks",
    { CLIPA_EMULATED_DEVICES: "1" },
    /rank 1 \(process \d+ on \S+\) shall use cuda:1, but \S+ has 1 GPUs; start at most one rank/,
  ],
];
for (const [name, env, said] of BAD) {
  Deno.test(`every rank on CUDA says what is wrong when ${name}`, async () => {
    const extra = { CLIPA_DIST_RENDEZVOUS: "20", ...env };
    const found = await runNcclRanks(2, ["exchange"], extra);
    for (const { code, stderr } of found) {
      assert.equal(code, 1, stderr);
      assert.match(stderr, said);
    }
  });
}

Deno.test("every rank on CUDA that is there names the one that never comes", async () => {
  const [, missing, ...rest] = startNcclRanks(3, ["exchange"], { CLIPA_DIST_RENDEZVOUS: "4" });
  missing.child.kill("SIGKILL");
  for (const { outcome } of rest) {
    const { code, stderr } = await outcome;
    assert.equal(code, 1);
    assert.match(stderr, /rank 1 did not come to 127\.0\.0\.1:\d+ within 4 s; start all 3 ranks/);
  }
  await missing.outcome;
});

Deno.test("a rank on CUDA says what to set when nothing names the address of rank 0", async () => {
  const values: Record<string, string> = { RANK: "1", WORLD_SIZE: "2" };
  const env = (name: string) => values[name];
  await assert.rejects(
    openNcclGroup(readRanks(env), 1, env),
    /rank 1 of 2 was started by torchrun, which names no address of rank 0; set MASTER_ADDR/,
  );
});
