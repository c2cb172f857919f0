import assert from "node:assert/strict";
import { readEvents } from "../../src/train/event_log.ts";
import { readMetrics } from "../../src/train/metrics_log.ts";
import { POISONED } from "../trust/rows/spikes.ts";
import { weightsHash } from "../trust/small_experiment.ts";
import { runRanks } from "./run_ranks.ts";

// As tests/run/spike_test.ts, on two ranks that share every batch.

Deno.test("two ranks skip and go back together, and end with the same bits when one was killed", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const run = (out: string, request: object = {}) =>
      runRanks(2, ["spikes", JSON.stringify({ dir, out, ...request })]);
    const path = (out: string) => {
      const events = readEvents(`${dir}/${out}/events.jsonl`);
      return ["skip", "rewind"].map((kind) =>
        events.filter((event) => event.kind === kind).map(({ step }) => step)
      );
    };
    const whole = await run("whole");
    assert.equal(whole.code, 0, whole.stderr);
    assert.deepEqual(path("whole"), [POISONED, [120]]);
    const steps = readMetrics(`${dir}/whole/metrics.jsonl`).map(({ step }) => step);
    assert.deepEqual(steps, Array.from({ length: 160 }, (_, i) => i + 1));
    // With shares of the state too; the guard's limits alone may differ in the last bit.
    const shared = await run("shared", { shardOptimizer: true });
    assert.equal(shared.code, 0, shared.stderr);
    assert.deepEqual(path("shared"), [POISONED, [120]]);
    assert.equal(weightsHash(`${dir}/shared`), weightsHash(`${dir}/whole`));
    // Between two of the skips, and on the way that was gone a second time.
    for (const [killAt, killOn] of [[132, 1], [136, 0]]) {
      const out = `killed-${killAt}`;
      const killed = await run(out, { killAt, killOn });
      assert.notEqual(killed.code, 0);
      assert.match(killed.stderr, new RegExp(`rank ${killOn}\\b[^]*signal 9`));
      const resumed = await run(out, { resume: true });
      assert.equal(resumed.code, 0, resumed.stderr);
      assert.equal(weightsHash(`${dir}/${out}`), weightsHash(`${dir}/whole`), out);
      // A run that goes on from before the third spike goes back once more.
      const back = path(out)[1];
      assert.ok(back.length > 0 && back.every((step) => step === 120), `${back}`);
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
