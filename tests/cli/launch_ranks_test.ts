import assert from "node:assert/strict";
import {
  describeFailure,
  launchCommand,
  mpirunArguments,
} from "../../src/cli/commands/launch_ranks.ts";
import { runCli } from "../../src/cli/run_cli.ts";
import { fakeEnvironment } from "./fake_environment.ts";

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
  assert.match(describeFailure("error: no such recipe\n", 1), /^a rank failed: no such recipe$/);
  assert.match(describeFailure("", 3), /mpirun ended with exit status 3/);
});
