import assert from "node:assert/strict";
import { examine } from "../../src/run/doctor/examine.ts";
import { findBottleneck, type StageRate } from "../../src/run/doctor/stage_rate.ts";

const stage = (name: string, pairs: number | null): StageRate => ({
  name,
  rate: 1,
  unit: "1/s",
  pairs,
  note: "",
});

Deno.test("findBottleneck names the stage with the fewest pairs, and leaves out those without", () => {
  const stages = [stage("disk.write", null), stage("disk.read", 900), stage("step", 1000)];
  assert.equal(findBottleneck(stages).name, "disk.read");
  assert.match(findBottleneck(stages).advice, /faster disk/);
  assert.equal(findBottleneck([...stages, stage("pictures", 5)]).name, "pictures");
});

Deno.test("examine measures every stage by itself, and leaves no file behind", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const { signal } = new AbortController();
    const found = await examine({ folder, cpu: "a processor", threads: 1, signal });
    assert.deepEqual(
      found.stages.map(({ name }) => name),
      ["disk.write", "disk.read", "pictures", "decode", "copy", "gemm", "step"],
    );
    for (const { name, rate } of found.stages) assert.ok(rate > 0 && rate < Infinity, name);
    const fed = found.stages.filter(({ pairs }) => pairs !== null);
    const slowest = Math.min(...fed.map(({ pairs }) => pairs!));
    assert.equal(fed.find(({ name }) => name === found.bottleneck)?.pairs, slowest);
    assert.equal(found.versions.deno, Deno.version.deno);
    assert.equal(found.versions["library.device"], "cpu");
    assert.match(found.devices[0].note, /a processor, 1 threads/);
    assert.equal([...Deno.readDirSync(folder)].length, 0);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("examine names a folder that is not there, and stops when asked", async () => {
  const { signal } = new AbortController();
  const options = { cpu: "", threads: 1 };
  await assert.rejects(
    examine({ ...options, folder: "no-such-folder", signal }),
    /no file can be made in no-such-folder .*; give a folder/,
  );
  const folder = Deno.makeTempDirSync();
  try {
    await assert.rejects(
      examine({ ...options, folder, signal: AbortSignal.abort(new Error("stop")) }),
      /stop/,
    );
    assert.equal([...Deno.readDirSync(folder)].length, 0);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
