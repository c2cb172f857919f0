import assert from "node:assert/strict";
import { sha256 } from "../../src/checkpoint/safetensors.ts";
import { readMetrics } from "../../src/train/metrics_log.ts";
import { ended, sleep, TrainProcess } from "./killed_run.ts";
import { readOnlyPlace } from "./read_only_place.ts";
import { inFolder } from "./row.ts";
import { weightsHash } from "./small_experiment.ts";

/** Every file below a folder with its hash. */
function snapshot(folder: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) Object.assign(files, snapshot(path));
    else files[path] = sha256(Deno.readFileSync(path));
  }
  return files;
}

Deno.test("a read-only place is refused before any work, keeps what a run has done, and goes on exactly when it can be written", async () => {
  await inFolder(async (dir) => {
    using place = readOnlyPlace();
    if (place === null) {
      console.error(
        "not run here: root may mount nothing, and modes do not keep root from writing",
      );
      return;
    }
    const train = new TrainProcess(dir);
    place.setWritable(false);
    const refused = await ended(train.start(`${place.path}/new`));
    assert.equal(refused.code, 1, refused.stderr);
    assert.match(
      refused.stderr,
      /error: --out .*\/new: .* cannot be written \(.*\); name another folder with --out/,
    );
    assert.match(refused.stderr, place.reason);
    assert.throws(() => Deno.statSync(`${dir}/cache`), "data was prepared before");

    place.setWritable(true);
    const whole = await ended(train.start(`${place.path}/whole`));
    assert.equal(whole.code, 0, whole.stderr);
    const out = `${place.path}/stopped`;
    const child = train.start(out);
    const end = ended(child);
    while (readMetrics(`${out}/metrics.jsonl`).length < 3) await sleep(5);
    child.kill("SIGTERM");
    assert.equal((await end).code, 130);
    const kept = snapshot(out);
    place.setWritable(false);
    const again = await ended(train.start(out));
    assert.equal(again.code, 1, again.stderr);
    assert.match(
      again.stderr,
      /error: .*cannot be written \(.*\); .*name another folder with --out/,
    );
    assert.deepEqual(snapshot(out), kept, "finished work was touched");
    place.setWritable(true);
    const done = await ended(train.start(out));
    assert.equal(done.code, 0, done.stderr);
    assert.equal(weightsHash(out), weightsHash(`${place.path}/whole`));
  });
});

Deno.test("a disk that is too small for the checkpoints is refused before training, with what is needed", async () => {
  await inFolder(async (dir) => {
    using place = Deno.uid() === 0 ? readOnlyPlace(256 << 10) : null;
    if (place === null) {
      console.error("not run here: only root may mount a small disk; R16 checks the arithmetic");
      return;
    }
    const train = new TrainProcess(dir);
    const { code, stderr } = await ended(train.start(`${place.path}/small`));
    assert.equal(code, 1, stderr);
    assert.match(stderr, /error: .*are free on its disk; the run needs .*free some space/);
    assert.deepEqual([...Deno.readDirSync(place.path)], [], "something was begun");
  });
});
