import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { lockFile } from "../../src/data/icons/lock_file.ts";
import { openIconSet } from "../../src/data/icons/icon_set.ts";
import { FIRST_SHARD, writeClipBenchmark } from "../eval/paper/bench_files.ts";
import { makeSmallRun } from "./small_run.ts";
import { makeSmallSet } from "./small_set.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const CONFIG = Deno.env.get("CLIPA_DENO_CONFIG") ?? `${ROOT}deno.json`;

interface Ended {
  code: number;
  json: Record<string, unknown> | null;
  stderr: string;
}

/** Starts the task in a process of its own; `during` may do something to it. */
async function run(
  args: string[],
  during?: (child: Deno.ChildProcess) => Promise<void>,
): Promise<Ended> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      "--config",
      CONFIG,
      `${ROOT}tests/run/interrupted_task.ts`,
      ...args,
    ],
    env: { CLIPA_THREADS: "1", NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    during?.(child),
  ]);
  const { code } = await child.status;
  return { code, json: stdout.trim() === "" ? null : JSON.parse(stdout), stderr };
}

const inFolder = async (body: (dir: string) => Promise<void>) => {
  const dir = Deno.makeTempDirSync();
  try {
    await body(dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
};

/** SHA-256 of the files that the data set is made of, by name. */
async function contents(dir: string): Promise<Record<string, string>> {
  const out: Record<string, string> = {};
  for (const folder of ["baked", "bench", "shards"]) {
    for (const { name } of Deno.readDirSync(`${dir}/${folder}`)) {
      const sum = await crypto.subtle.digest(
        "SHA-256",
        Deno.readFileSync(`${dir}/${folder}/${name}`),
      );
      out[`${folder}/${name}`] = new Uint8Array(sum).toHex();
    }
  }
  return out;
}

Deno.test("a data build that Ctrl-C stops in any phase says so, passes for nothing, and goes on", async () => {
  await inFolder(async (dir) => {
    const whole = await run(["data", `${dir}/whole`]);
    assert.equal(whole.code, 0, whole.stderr);
    const wanted = await contents(String(whole.json!.dir));
    for (const phase of ["plan", "draw", "bake"]) {
      const folder = `${dir}/${phase}`;
      const stopped = await run(["data", folder, phase]);
      assert.match(stopped.stderr, new RegExp(`pressed in ${phase}`));
      assert.equal(stopped.code, 130, stopped.stderr);
      assert.match(
        stopped.stderr,
        /stopped; what was finished is kept, run the same command again/,
      );
      assert.equal(stopped.json, null);
      const [{ name }] = Deno.readDirSync(`${folder}/cache`);
      assert.throws(
        () => openIconSet(`${folder}/cache/${name}`),
        "half a data set passed for whole",
      );
      const again = await run(["data", folder]);
      assert.equal(again.code, 0, again.stderr);
      assert.deepEqual(await contents(String(again.json!.dir)), wanted, phase);
    }
  });
});

Deno.test("a data build that waits for another one stops at Ctrl-C, and leaves the lock to it", async () => {
  await inFolder(async (dir) => {
    // Where the lock lies is known once a build has begun.
    assert.equal((await run(["data", dir, "plan"])).code, 130);
    const [{ name }] = Deno.readDirSync(`${dir}/cache`);
    const lock = join(dir, "cache", name, "work", "lock");
    {
      using _held = await lockFile(lock);
      Deno.removeSync(`${dir}/begun`);
      const waiting = await run(["data", dir], async (child) => {
        while (!existsSync(`${dir}/begun`)) await new Promise((resolve) => setTimeout(resolve, 50));
        // Long enough to reach the lock, which it cannot pass.
        await new Promise((resolve) => setTimeout(resolve, 2000));
        child.kill("SIGINT");
      });
      assert.equal(waiting.code, 130, waiting.stderr);
      assert.match(waiting.stderr, /stopped; what was finished is kept/);
    }
    assert.equal((await run(["data", dir])).code, 0);
  });
});

Deno.test("an evaluation that Ctrl-C stops gives no result, and the next one gives it whole", async () => {
  await inFolder(async (dir) => {
    await makeSmallRun(`${dir}/run`, makeSmallSet(`${dir}/set`));
    const stopped = await run(["eval", dir, "small"]);
    assert.match(stopped.stderr, /pressed in small/);
    assert.equal(stopped.code, 130, stopped.stderr);
    assert.equal(stopped.json, null);
    const whole = await run(["eval", dir]);
    assert.equal(whole.code, 0, whole.stderr);
    const [first] = whole.json!.results as { bench: string; n: number }[];
    assert.deepEqual([first.bench, first.n], ["small", 64]);
  });
});

Deno.test("an evaluation of files that Ctrl-C stops goes on after its finished shards", async () => {
  await inFolder(async (dir) => {
    await makeSmallRun(`${dir}/run`, makeSmallSet(`${dir}/set`));
    await writeClipBenchmark(`${dir}/pictures`, "classification");
    const whole = await run(["files", dir]);
    assert.equal(whole.code, 0, whole.stderr);
    const shard = `pictures ${FIRST_SHARD}`;
    const stopped = await run(["files", dir, shard]);
    assert.match(stopped.stderr, new RegExp(`pressed in ${shard}`));
    assert.equal(stopped.code, 130, stopped.stderr);
    assert.match(stopped.stderr, /stopped; what was finished is kept/);
    assert.equal(stopped.json, null);
    const again = await run(["files", dir]);
    assert.equal(again.code, 0, again.stderr);
    assert.deepEqual(again.json, whole.json);
    assert.match(again.stderr, new RegExp(`${shard} ${FIRST_SHARD} from before`));
    // Embedding the prompts reports once more than reading them does.
    const prompts = ({ stderr }: Ended) => stderr.match(/^prompts 18 /gm)?.length;
    assert.deepEqual([prompts(whole), prompts(stopped), prompts(again)], [2, 2, 1]);
    assert.deepEqual([...Deno.readDirSync(`${dir}/cache/eval`)], []);
  });
});
