import assert from "node:assert/strict";
import { LOCK_FILE, RunLock } from "../../src/run/run_lock.ts";
import { inFolder } from "../trust/row.ts";
import { runSmall, smallRecipe, weightsHash } from "../trust/small_experiment.ts";

const LOCK_MODULE = new URL("../../src/run/run_lock.ts", import.meta.url).href;

/** A process that holds the lock of a folder until it is killed. */
async function holder(dir: string): Promise<Deno.ChildProcess> {
  const code = `import { RunLock } from ${JSON.stringify(LOCK_MODULE)};
    using lock = RunLock.take(${JSON.stringify(dir)});
    console.log("held");
    await new Promise((resolve) => setTimeout(resolve, 600_000));`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-config", code],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  assert.equal(new TextDecoder().decode(value), "held\n");
  await reader.cancel();
  return child;
}

Deno.test("RunLock names folder and process while another has it, and takes over when that is killed", () =>
  inFolder(async (dir) => {
    const child = await holder(dir);
    assert.throws(
      () => RunLock.take(dir),
      new RegExp(
        `^Error: ${dir}: process ${child.pid}, since 20.*Z, trains in this folder; wait for it, ` +
          "end it, or name another folder with --out$",
      ),
    );
    // A run of another recipe would move the folder aside; it must not.
    Deno.writeTextFileSync(`${dir}/recipe.yaml`, "name: x");
    await assert.rejects(runSmall(dir, "."), /trains in this folder/);
    assert.equal(Deno.readTextFileSync(`${dir}/recipe.yaml`), "name: x");
    child.kill("SIGKILL");
    await child.status;
    assert.match(Deno.readTextFileSync(`${dir}/${LOCK_FILE}`), new RegExp(`"pid":${child.pid}`));
    using lock = RunLock.take(dir);
    assert.ok(lock);
    assert.match(Deno.readTextFileSync(`${dir}/${LOCK_FILE}`), new RegExp(`"pid":${Deno.pid}`));
  }));

Deno.test("RunLock leaves no file behind, and lets go of a folder that was moved", () =>
  inFolder((dir) => {
    Deno.mkdirSync(`${dir}/run`);
    const lock = RunLock.take(`${dir}/run`);
    Deno.renameSync(`${dir}/run`, `${dir}/old`);
    Deno.mkdirSync(`${dir}/run`);
    const next = RunLock.take(`${dir}/run`);
    lock[Symbol.dispose]();
    // The first one must not take away the file of the second.
    assert.throws(() => RunLock.take(`${dir}/run`), /trains in this folder/);
    next[Symbol.dispose]();
    assert.deepEqual([...Deno.readDirSync(`${dir}/run`)], []);
    return Promise.resolve();
  }));

Deno.test("RunLock says that a folder cannot be written before anything else happens in it", () =>
  inFolder(async (dir) => {
    Deno.mkdirSync(`${dir}/run/${LOCK_FILE}`, { recursive: true });
    await assert.rejects(
      runSmall(dir, "run"),
      /run cannot be written \(.*\); name another folder with --out/,
    );
    assert.deepEqual([...Deno.readDirSync(`${dir}/run`)].map(({ name }) => name), [LOCK_FILE]);
  }));

Deno.test("a run is refused while another goes on in its folder, which ends as if nothing had been", () =>
  inFolder(async (dir) => {
    await runSmall(dir, "alone");
    const others: Promise<unknown>[] = [];
    await runSmall(dir, "run", {
      onStep: (step) => {
        if (step !== 3) return;
        const recipes = [smallRecipe(), smallRecipe({ seed: 9 })];
        others.push(...recipes.map((recipe) => runSmall(dir, "run", { recipe })));
        others.forEach((other) => other.catch(() => {}));
      },
    });
    for (const other of others) await assert.rejects(other, /process \d+, since/);
    assert.equal(others.length, 2);
    assert.equal(weightsHash(`${dir}/run`), weightsHash(`${dir}/alone`));
    const names = [...Deno.readDirSync(`${dir}/run`)].map(({ name }) => name);
    assert.ok(!names.includes(LOCK_FILE), names.join());
  }));
