import assert from "node:assert/strict";
import {
  describeFailure,
  launchCommand,
  mpirunArguments,
} from "../../src/cli/commands/launch_ranks.ts";
import { runCli } from "../../src/cli/run_cli.ts";
import { fakeEnvironment } from "./fake_environment.ts";
import { inFolder } from "../in_folder.ts";
import { launched, processesWith, untilGone, writeRecipe } from "./launched_task.ts";

const run = async (...args: string[]) => {
  const { environment, warned } = fakeEnvironment();
  const code = await runCli([launchCommand], ["launch", ...args], environment);
  return { code, said: warned.join("\n") };
};

Deno.test("launch refuses a number of ranks or a task that it does not know", async () => {
  for (const ranks of ["0", "x", "1.5", "2000"]) {
    const { code, said } = await run("--ranks", ranks, "--", "train");
    assert.equal(code, 2);
    assert.match(said, new RegExp(`--ranks: seen "${ranks}"; allowed: 1 to 1024`));
  }
  for (const task of [[], ["eval"]]) {
    const { code, said } = await run("--ranks", "2", "--", ...task);
    assert.equal(code, 2);
    assert.match(said, /task: seen ".*"; allowed: train; for example: deno task launch --ranks 2/);
  }
});

Deno.test("mpirunArguments allows root only when it is root", () => {
  assert.ok(mpirunArguments(2, true).includes("--allow-run-as-root"));
  assert.ok(!mpirunArguments(2, false).includes("--allow-run-as-root"));
  assert.deepEqual(mpirunArguments(3, false).slice(-2), ["-n", "3"]);
});

Deno.test("describeFailure names the rank when it was killed, lost or failed", () => {
  const killed =
    "mpirun noticed that process rank 1 with PID 0 on node vm exited on signal 9 (Killed).";
  assert.match(describeFailure(killed, 137), /^rank 1 was ended by signal 9 \(Killed\), and the/);
  const lost = "error: rank 0 ends: rank 1 (process 7 on a) gave no sign of life for 8 s: it was";
  assert.match(describeFailure(lost, 1), /^rank 1 \(process 7 on a\) gave no sign of life/);
  const told = "error: rank 0 ends: rank 1 (process 7 on a) ended: no disk\nerror: no disk\n";
  assert.match(describeFailure(told, 1), /^a rank failed: no disk$/);
  assert.match(describeFailure("error: no such recipe\n", 1), /^a rank failed: no such recipe$/);
  assert.match(describeFailure("", 3), /mpirun ended with exit status 3/);
});

Deno.test("launch ends with what its ranks said when a recipe does not exist", () =>
  inFolder(async (dir) => {
    const args = ["launch", "--ranks", "2", "--", "train", "no-such", "--json"];
    const { code, stdout, stderr } = await launched(dir, args);
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /^error: a rank failed: .*no-such/m);
  }));

Deno.test("launch trains shards on two ranks and prints the one result of rank 0", () =>
  inFolder(async (dir) => {
    writeRecipe(dir, 160);
    const args = ["launch", "--ranks", "2", "--", "train", "recipe.yaml", "--out", "run", "--json"];
    const { code, stdout, stderr } = await launched(dir, args);
    assert.equal(code, 0, stderr);
    assert.equal(stdout.trim().split("\n").length, 1);
    assert.equal(JSON.parse(stdout).samples, 160);
  }));

for (const more of [[], ["--shard-optimizer"]]) {
  Deno.test(`launch keeps the finished steps when it is stopped: train ${more}`, () =>
    inFolder(async (dir) => {
      writeRecipe(dir, 80_000);
      const train = ["train", "recipe.yaml", "--out", "run", ...more];
      const args = ["launch", "--ranks", "2", "--", ...train];
      const stopped = await launched(dir, args, { interrupt: /only \[.*loss/ });
      assert.equal(stopped.code, 130, stopped.stderr);
      assert.match(stopped.stderr, /stopped; what was finished is kept/);
      const kept = [...Deno.readDirSync(`${dir}/run/checkpoints`)].map(({ name }) => name);
      assert.ok(kept.some((name) => name.startsWith("only-")), `kept: ${kept}`);
    }));
}

Deno.test("ranks under mpirun end when their launcher is killed", () =>
  inFolder(async (dir) => {
    writeRecipe(dir, 80_000);
    const args = ["launch", "--ranks", "2", "--", "train", "recipe.yaml", "--out", "run"];
    const own = `CLIPA_CACHE=${dir}/cache`;
    let killed = false;
    await launched(dir, args, {
      onSaid: (said, pid) => {
        if (killed || !/only \[.*loss/.test(said)) return;
        killed = true;
        assert.ok(processesWith(own).length >= 4, "the launcher, mpirun and two ranks");
        Deno.kill(pid, "SIGKILL");
      },
    });
    assert.ok(killed);
    await untilGone(own);
  }));
