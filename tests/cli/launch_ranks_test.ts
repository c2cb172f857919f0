import assert from "node:assert/strict";
import {
  describeFailure,
  launchCommand,
  mpirunArguments,
} from "../../src/cli/commands/launch_ranks.ts";
import { runCli } from "../../src/cli/run_cli.ts";
import { grayPng, writeShard } from "../data/shard_fixture.ts";
import { testConfig } from "../dist/run_ranks.ts";
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

/** The command line itself, as the set-up starts it. `interrupt`: what stderr shows when to stop it. */
async function launched(dir: string, args: string[], interrupt?: RegExp) {
  const root = decodeURIComponent(new URL("../..", import.meta.url).pathname);
  const config = testConfig();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--config", config, `${root}src/cli/main.ts`, ...args],
    cwd: dir,
    env: { CLIPA_DENO_CONFIG: config, CLIPA_CACHE: `${dir}/cache`, NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let stderr = "";
  const reading = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      stderr += text;
      if (interrupt?.test(stderr)) {
        interrupt = undefined;
        child.kill("SIGINT");
      }
    }
  })();
  const stdout = await new Response(child.stdout).text();
  const { code } = await child.status;
  await reading;
  return { code, stdout, stderr };
}

async function inFolder(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** A recipe and one shard of 24 grey pictures. */
function writeRecipe(dir: string, samples: number): void {
  const words = ["box", "bar", "dot", "line"];
  const phrases = ["red", "green", "blue", "dark", "pale", "bold"].flatMap((colour) =>
    words.map((word) => `${colour} ${word}`)
  );
  const picture = (i: number) => {
    const pixels = Uint8Array.from(
      { length: 576 },
      (_, at) => Math.imul(at + 7, 40503 * i + 9) >> 3,
    );
    return grayPng(24, 24, pixels);
  };
  const entries = phrases.map((txt, i) => [`p${i}`, { txt, png: picture(i) }] as const);
  writeShard(`${dir}/pictures-0.tar`, Object.fromEntries(entries));
  const rest =
    "batch: 8, image: { size: 16 }, text: { tokens: 8 }, lr: 1.0e-3, warmup: { share: 0.1 }";
  Deno.writeTextFileSync(
    `${dir}/recipe.yaml`,
    `name: ranks
data: { shards: "${dir}/pictures-*.tar" }
model: { preset: laptop-w48, image: { layers: 1 }, text: { layers: 1, vocabulary: 300 } }
stages:
  - { name: only, samples: ${samples}, ${rest} }
eval: { benches: [], retrieval: [] }
`,
  );
}

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

Deno.test("launch keeps the finished steps when it is stopped", () =>
  inFolder(async (dir) => {
    writeRecipe(dir, 80_000);
    const args = ["launch", "--ranks", "2", "--", "train", "recipe.yaml", "--out", "run"];
    const stopped = await launched(dir, args, /only \[.*loss/);
    assert.equal(stopped.code, 130, stopped.stderr);
    assert.match(stopped.stderr, /stopped; what was finished is kept/);
    const kept = [...Deno.readDirSync(`${dir}/run/checkpoints`)].map(({ name }) => name);
    assert.ok(kept.some((name) => name.startsWith("only-")), `kept: ${kept}`);
  }));
