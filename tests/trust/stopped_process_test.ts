import assert from "node:assert/strict";
import { readEvents } from "../../src/train/event_log.ts";
import { readMetrics } from "../../src/train/metrics_log.ts";
import { ended, sleep, TrainProcess } from "./killed_run.ts";
import { inFolder } from "./row.ts";
import { weightsHash } from "./small_experiment.ts";

Deno.test("SIGTERM and a full file system end training with a checkpoint and a message; it goes on exactly", async () => {
  await inFolder(async (dir) => {
    const train = new TrainProcess(dir);
    const whole = await ended(train.start("whole"));
    assert.equal(whole.code, 0, whole.stderr);
    const wanted = weightsHash(`${dir}/whole`);

    const child = train.start("stopped");
    const end = ended(child);
    const steps = () => readMetrics(`${dir}/stopped/metrics.jsonl`).length;
    while (steps() < 3) await sleep(5);
    child.kill("SIGTERM");
    const { code, stderr } = await end;
    assert.equal(code, 130, stderr);
    assert.match(stderr, /stopped; what was finished is kept, run the same command again to go on/);
    const done = steps();
    const again = await ended(train.start("stopped"));
    assert.equal(again.code, 0, again.stderr);
    assert.equal(weightsHash(`${dir}/stopped`), wanted);
    const events = readEvents(`${dir}/stopped/events.jsonl`);
    assert.deepEqual(events.map(({ kind }) => kind), ["start", "stop", "resume", "end"]);
    assert.equal(events[2].step, done);

    // Files end at 256 KiB, less than the arrays of a checkpoint; writing on fails.
    const full = await ended(train.start("full", "trap '' XFSZ; ulimit -f 256"));
    assert.equal(full.code, 1, full.stderr);
    assert.match(full.stderr, /error: .*arrays\.safetensors cannot be written .*; free space or/);
    const names = [...Deno.readDirSync(`${dir}/full/checkpoints`)].map(({ name }) => name);
    assert.deepEqual(names, [], "something half-written was left");
    const freed = await ended(train.start("full"));
    assert.equal(freed.code, 0, freed.stderr);
    assert.equal(weightsHash(`${dir}/full`), wanted);
  });
});
