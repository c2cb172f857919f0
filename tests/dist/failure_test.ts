import assert from "node:assert/strict";
import { outcomeOf, rankProgram, runRanks, startCommands, startRanks } from "./run_ranks.ts";

/** Ranks that work together until one is gone: their process numbers, and how it ended. */
async function disturb(ranks: number, disturbance: (pids: number[]) => void) {
  const child = startRanks(ranks, ["forever"], { CLIPA_DIST_SILENCE: "3" });
  const reader = child.stdout.getReader();
  const stderr = new Response(child.stderr).text();
  let printed = "";
  while (!printed.includes("\n")) {
    const { value, done } = await reader.read();
    assert.ok(!done, `the ranks ended early: ${done && await stderr}`);
    printed += new TextDecoder().decode(value);
  }
  const pids: number[] = JSON.parse(printed).map(Number);
  const started = performance.now();
  disturbance(pids);
  const { code } = await child.status;
  await reader.cancel();
  return { code, pids, stderr: await stderr, seconds: (performance.now() - started) / 1000 };
}

function isAlive(pid: number): boolean {
  try {
    // The state is the first field behind the name; Z is a process that has ended.
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return stat.slice(stat.lastIndexOf(")") + 2)[0] !== "Z";
  } catch {
    return false;
  }
}

Deno.test("the other ranks end and name it when a rank is stopped", async () => {
  const { code, pids, stderr, seconds } = await disturb(3, ([, second]) => {
    Deno.kill(second, "SIGSTOP");
  });
  assert.notEqual(code, 0);
  for (const rank of [0, 2]) {
    const message = `rank ${rank} ends: .*rank 1 \\(process ${pids[1]} on \\S+\\) gave no sign`;
    assert.match(stderr, new RegExp(message));
  }
  assert.ok(seconds < 15, `${seconds} s`);
  assert.deepEqual(pids.filter(isAlive), [], "no process is left");
});

Deno.test("the other ranks end and it is named when a rank is killed", async () => {
  const { code, pids, stderr, seconds } = await disturb(3, ([, second]) => {
    Deno.kill(second, "SIGKILL");
  });
  assert.notEqual(code, 0);
  assert.match(stderr, /rank 1\b[^]*signal 9/);
  assert.ok(seconds < 15, `${seconds} s`);
  assert.deepEqual(pids.filter(isAlive), [], "no process is left");
});

Deno.test("every rank says why when one of them fails", async () => {
  const { code, stderr, seconds } = await runRanks(3, ["throws"]);
  assert.notEqual(code, 0);
  assert.match(stderr, /^error: the disk of rank 1 is full$/m);
  for (const rank of [0, 2]) {
    const message =
      `rank ${rank} ends: rank 1 \\(process \\d+ on \\S+\\) ended: the disk of rank 1`;
    assert.match(stderr, new RegExp(message));
  }
  assert.ok(seconds < 60, `${seconds} s`);
});

Deno.test("every rank names both hashes when the ranks have different recipes", async () => {
  const { code, stderr } = await runRanks(3, ["disagree"]);
  assert.notEqual(code, 0);
  const said = stderr.match(/the recipe differs between the ranks: rank 0 has hash-0, rank 1 has/g);
  assert.ok(said && said.length >= 3, stderr);
});

Deno.test("a rank says so when its launcher's variables and MPI contradict each other", async () => {
  const { code, stderr } = await runRanks(2, ["exchange"], { RANK: "0", WORLD_SIZE: "5" });
  assert.notEqual(code, 0);
  assert.match(stderr, /OMPI_COMM_WORLD_(SIZE is 2 and WORLD_SIZE is 5|RANK is 1 and RANK is 0)/);
});

Deno.test("a rank says so when another never comes, and MPI would wait for ever", async () => {
  const commands = [rankProgram("exchange"), ["sleep", "600"]];
  const { code, stderr, seconds } = await outcomeOf(
    startCommands(commands, { CLIPA_DIST_RENDEZVOUS: "3" }),
  );
  assert.notEqual(code, 0);
  assert.match(stderr, /rank 0: not all of the 2 ranks came within 3 s; one hangs before it joins/);
  assert.ok(seconds < 60, `${seconds} s`);
});

Deno.test("a collective fails with a sentence when a rank lives but does not take part", async () => {
  const { code, stderr } = await runRanks(2, ["idle"], { CLIPA_DIST_TIMEOUT: "2" });
  assert.notEqual(code, 0);
  assert.match(stderr, /a gathering took longer than 2 s: a rank lives but does not take part/);
});
