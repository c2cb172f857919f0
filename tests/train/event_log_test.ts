import assert from "node:assert/strict";
import { EventLog, readEvents } from "../../src/train/event_log.ts";
import { watchdog } from "../../src/train/watchdog.ts";
import { MetricsLog, readMetrics } from "../../src/train/metrics_log.ts";

Deno.test("EventLog adds to what is there and cuts off a torn last line", () => {
  const path = Deno.makeTempFileSync();
  try {
    for (let turn = 1; turn <= 2; turn++) {
      using log = new EventLog(path);
      log.write({ kind: "start", step: turn, note: "n" });
      Deno.writeTextFileSync(path, '{"kind":"sk', { append: true });
      assert.equal(readEvents(path).length, turn);
    }
    const lines = readEvents(path);
    assert.deepEqual(lines.map(({ kind, step, note }) => [kind, step, note]), [
      ["start", 1, "n"],
      ["start", 2, "n"],
    ]);
    assert.ok(Math.abs(Date.parse(lines[0].time) - Date.now()) < 60_000);
  } finally {
    Deno.removeSync(path);
  }
  assert.deepEqual(readEvents(path), []);
});

Deno.test("MetricsLog replaces its file in one step when it opens or rewinds", () => {
  const dir = Deno.makeTempDirSync();
  try {
    const path = `${dir}/metrics.jsonl`;
    Deno.writeTextFileSync(path, '{"step":1}\n{"step":2}\n');
    // A process that holds the old file still has all of it: nothing was cut in place.
    using old = Deno.openSync(path);
    using log = new MetricsLog(path, ({ step }) => step === 1);
    const bytes = new Uint8Array(100);
    assert.equal(old.readSync(bytes), 22);
    log.write({ step: 2 });
    log.write({ step: 3 });
    log.rewind(({ step }) => Number(step) < 2);
    log.write({ step: 20 });
    assert.deepEqual(readMetrics(path), [{ step: 1 }, { step: 20 }]);
    assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name), ["metrics.jsonl"]);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("watchdog names what is waited for, and gives up a loader that brings nothing", async () => {
  const said: string[] = [];
  const watch = watchdog((text) => said.push(text), { warnSeconds: 0.02, giveUpSeconds: 0.2 });
  assert.equal(await watch("data", Promise.resolve(7)), 7);
  assert.deepEqual(said, []);
  await assert.rejects(watch("data", Promise.reject(new TypeError("own"))), /own/);
  await assert.rejects(
    watch("data", new Promise(() => {})),
    /the loader has brought no batch for 0.2 s; look at the disk .*; then run the same command again/,
  );
  // At 20, 40, 80 and 160 ms: rarer and rarer.
  assert.ok(said.length >= 1 && said.length <= 4, `${said.length}`);
  assert.match(said[0], /the loader has brought no batch/);
  said.length = 0;
  const slow = new Promise<number>((resolve) => setTimeout(() => resolve(8), 400));
  assert.equal(await watch("step", slow), 8);
  assert.match(said[0], /the training step has not ended/);
});
