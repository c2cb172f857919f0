import assert from "node:assert/strict";
import { describeRankEnds } from "../../src/cli/commands/gpu_ranks.ts";
import { launchCommand } from "../../src/cli/commands/launch_ranks.ts";
import { runCli } from "../../src/cli/run_cli.ts";
import { launchDevice } from "../../src/config/launch_device.ts";
import { freePort } from "../dist/run_nccl_ranks.ts";
import { inFolder } from "../in_folder.ts";
import { fakeEnvironment } from "./fake_environment.ts";
import { type Launch, launched, processesWith, untilGone, writeRecipe } from "./launched_task.ts";

// Ranks of the CUDA library on emulated devices, with a stand-in for NCCL.

const BUILD = decodeURIComponent(new URL("../../build/cpu", import.meta.url).pathname);

function emulated(port: number, env: Record<string, string> = {}): Record<string, string> {
  return {
    CLIPA_LIBRARY: `${BUILD}/libclipa_cuda_emulated.so`,
    CLIPA_NCCL_LIBRARY: `${BUILD}/libclipa_fake_nccl.so`,
    CLIPA_EMULATED_DEVICES: "2",
    CLIPA_MASTER_PORT: String(port),
    CLIPA_DIST_SILENCE: "3",
    ...env,
  };
}

/** Process numbers of the ranks that meet at a port, by rank. */
function ranksAt(port: number): Map<number, number> {
  return new Map(
    processesWith(`CLIPA_MASTER_PORT=${port}`).flatMap(({ pid, variables }) => {
      const rank = variables.find((variable) => variable.startsWith("CLIPA_RANK="));
      return rank === undefined ? [] : [[Number(rank.split("=")[1]), pid] as const];
    }),
  );
}

/** Trains on two ranks with GPUs. */
async function train(
  dir: string,
  samples: number,
  env: Record<string, string>,
  rest: Launch = {},
  ...more: string[]
) {
  writeRecipe(dir, samples);
  const args = ["launch", "--ranks", "2", "--device", "cuda", "--json", "--"];
  const task = ["train", "recipe.yaml", "--out", "run", ...more];
  return await launched(dir, [...args, ...task], { env, ...rest });
}

Deno.test("launch trains on two GPUs without MPI and prints the one result of rank 0", () =>
  inFolder(async (dir) => {
    const port = freePort();
    const { code, stdout, stderr } = await train(dir, 32, emulated(port));
    assert.equal(code, 0, stderr);
    assert.equal(stdout.trim().split("\n").length, 1);
    assert.equal(JSON.parse(stdout).samples, 32);
    assert.deepEqual([...ranksAt(port)], []);
  }));

/** Sends rank 1 a signal in the middle of training; its process number, and what launch said. */
async function signalled(dir: string, port: number, signal: Deno.Signal) {
  let pid = 0;
  const { code, stderr } = await train(dir, 80_000, emulated(port), {
    onSaid: (said) => {
      if (pid > 0 || !/only \[.*loss/.test(said)) return;
      pid = ranksAt(port).get(1)!;
      Deno.kill(pid, signal);
    },
  });
  assert.equal(code, 1, stderr);
  return { pid, stderr };
}

Deno.test("launch names a rank on a GPU that is lost, and no process is left", () =>
  inFolder(async (dir) => {
    const port = freePort();
    const { pid, stderr } = await signalled(dir, port, "SIGKILL");
    const said =
      `^error: rank 1 \\(process ${pid} on \\S+\\) is gone: .*; the other ranks ended with it`;
    assert.match(stderr, new RegExp(said, "m"));
    assert.deepEqual([...ranksAt(port)], []);
  }));

Deno.test("launch ends a rank on a GPU that hangs, and names it", () =>
  inFolder(async (dir) => {
    const port = freePort();
    const { pid, stderr } = await signalled(dir, port, "SIGSTOP");
    const said = `^error: rank 1 \\(process ${pid} on \\S+\\) gave no sign of life for \\d+ s`;
    assert.match(stderr, new RegExp(said, "m"));
    await untilGone(`CLIPA_MASTER_PORT=${port}`);
  }));

Deno.test("launch on GPUs keeps the finished steps when it is stopped", () =>
  inFolder(async (dir) => {
    const port = freePort();
    const stop = { interrupt: /only \[.*loss/ };
    const { code, stderr } = await train(dir, 80_000, emulated(port), stop, "--shard-optimizer");
    assert.equal(code, 130, stderr);
    const kept = [...Deno.readDirSync(`${dir}/run/checkpoints`)].map(({ name }) => name);
    assert.ok(kept.some((name) => name.startsWith("only-")), `kept: ${kept}`);
    assert.deepEqual([...ranksAt(port)], []);
  }));

Deno.test("ranks on GPUs end when their launcher is killed", () =>
  inFolder(async (dir) => {
    const port = freePort();
    let killed = false;
    await train(dir, 80_000, emulated(port), {
      onSaid: (said, pid) => {
        if (killed || !/only \[.*loss/.test(said)) return;
        killed = true;
        assert.equal(ranksAt(port).size, 2);
        Deno.kill(pid, "SIGKILL");
      },
    });
    assert.ok(killed);
    await untilGone(`CLIPA_MASTER_PORT=${port}`);
  }));

Deno.test("launch on GPUs says what is wrong with the machine, and no process is left", async (t) => {
  const cases: [string, Record<string, string>, RegExp][] = [
    ["one GPU", { CLIPA_EMULATED_DEVICES: "1" }, /^error: rank 1 failed: .*(1 GPUs|device).*$/m],
    ["no driver", { CLIPA_EMULATED_DRIVER: "0" }, /^error: rank \d failed: .*driver.*$/m],
    [
      "no NCCL",
      { CLIPA_NCCL_LIBRARY: "/nowhere.so" },
      /^error: rank \d failed: NCCL cannot be opened/m,
    ],
  ];
  for (const [name, env, said] of cases) {
    await t.step(name, () =>
      inFolder(async (dir) => {
        const port = freePort();
        const { code, stdout, stderr } = await train(dir, 32, emulated(port, env));
        assert.equal(code, 1);
        assert.equal(stdout, "");
        assert.match(stderr, said);
        assert.deepEqual([...ranksAt(port)], []);
      }));
  }
});

Deno.test("launch on GPUs names the port when it is in use", () =>
  inFolder(async (dir) => {
    using listener = Deno.listen({ port: 0, hostname: "0.0.0.0" });
    const { port } = listener.addr as Deno.NetAddr;
    const { code, stderr } = await train(dir, 32, emulated(port));
    assert.equal(code, 1);
    const said =
      `^error: rank 0 failed: rank 0 cannot listen on port ${port} .*set CLIPA_MASTER_PORT`;
    assert.match(stderr, new RegExp(said, "m"));
    assert.deepEqual([...ranksAt(port)], []);
  }));

Deno.test("launch refuses one GPU for several ranks", async () => {
  for (const args of [["--device", "cuda:1", "--", "train"], ["--", "train", "--device=cuda:0"]]) {
    const { environment, warned } = fakeEnvironment();
    const code = await runCli([launchCommand], ["launch", "--ranks", "2", ...args], environment);
    assert.equal(code, 2);
    assert.match(
      warned.join(),
      /--device: seen "cuda:\d" for 2 ranks; allowed: cpu, or cuda, which/,
    );
  }
});

Deno.test("launchDevice takes the device of the task before that of the environment", () => {
  assert.equal(launchDevice(["--", "train", "--device", "cpu"], "cuda"), "cpu");
  assert.equal(
    launchDevice(["--device", "cpu", "--", "train", "--device=cuda"], undefined),
    "cuda",
  );
  assert.equal(launchDevice(["--", "train"], "cuda"), "cuda");
  assert.equal(launchDevice(["--", "train"], ""), "cpu");
});

Deno.test("describeRankEnds names the rank that was lost, killed or failed first", () => {
  const rank = (number: number, code: number, said = "", signal: string | null = null) => ({
    ...{ rank: number, code, said, signal },
  });
  const lost = "error: rank 0 ends: rank 1 (process 7 on a) gave no sign of life for 8 s: it was";
  assert.match(
    describeRankEnds([rank(0, 1, lost), rank(1, 137, "", "SIGKILL")]),
    /^rank 1 \(process 7 on a\) gave no sign of life for 8 s: it was; the other ranks ended/,
  );
  assert.match(
    describeRankEnds([rank(1, 139, "", "SIGSEGV"), rank(0, 1, "error: rank 0 ends: x")]),
    /^rank 1 was ended by signal SIGSEGV, and the other ranks with it; run the same command/,
  );
  assert.match(
    describeRankEnds([
      rank(0, 1, "error: rank 0 ends: rank 1 (a) ended: no disk"),
      rank(1, 1, "error: no disk"),
    ]),
    /^rank 1 failed: no disk$/,
  );
  assert.match(describeRankEnds([rank(2, 3)]), /^rank 2 ended with exit status 3; see above$/);
});
