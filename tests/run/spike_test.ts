import assert from "node:assert/strict";
import { listCheckpoints } from "../../src/checkpoint/checkpoint_store.ts";
import { readEvents } from "../../src/train/event_log.ts";
import { type MetricsLine, readMetrics } from "../../src/train/metrics_log.ts";
import { poisonBatches } from "../trust/poison.ts";
import { inFolder } from "../trust/row.ts";
import { POISONED, spikeRecipe } from "../trust/rows/spikes.ts";
import { runSmall, smallRecipe, weightsHash } from "../trust/small_experiment.ts";

const EPOCH = 384;

Deno.test("a run that went back has each step once in its metrics, and tells of it in its events", () =>
  inFolder(async (dir) => {
    using _poison = poisonBatches(EPOCH, (batch) => POISONED.includes(batch));
    let between: string[] = [];
    await runSmall(dir, "run", {
      recipe: spikeRecipe(),
      onStep: (steps) => {
        if (steps === 139) between = listCheckpoints(`${dir}/run/checkpoints`);
      },
    });
    const lines = readMetrics(`${dir}/run/metrics.jsonl`);
    assert.deepEqual(lines.map(({ step }) => step), Array.from({ length: 160 }, (_, i) => i + 1));
    assert.deepEqual(lines.filter(({ skipped }) => skipped).map(({ step }) => step), [100]);
    // One is kept as usual, and those of the last two steps to go back to.
    assert.deepEqual(between.toSorted(), ["short-0000100", "short-0000120", "short-0000130"]);
    const events = readEvents(`${dir}/run/events.jsonl`);
    assert.match(events.find(({ kind }) => kind === "skip")!.note, /the loss is a spike: loss \d/);
    assert.equal(
      events.find(({ kind }) => kind === "rewind")!.note.replace(/because .*;/, "because ...;"),
      "stage short, step 133: 3 of the last 20 steps were skipped, the last because ...; back to " +
        "the checkpoint short-0000120, without the 13 batches since then",
    );
    assert.deepEqual(listCheckpoints(`${dir}/run/checkpoints`), ["short-0000160"]);
  }));

Deno.test("a run whose spikes never end goes back as often as it may, then says what to change", () =>
  inFolder(async (dir) => {
    using _poison = poisonBatches(EPOCH, (batch) => batch >= 130);
    const recipe = spikeRecipe({ guards: { spike: { window: 48, within: 20, rewinds: 2 } } });
    await assert.rejects(
      runSmall(dir, "run", { recipe }),
      /step \d+: 3 of the last 20 steps were skipped.*back 2 times already.*take a lower lr/,
    );
    const kinds = readEvents(`${dir}/run/events.jsonl`).map(({ kind }) => kind);
    assert.equal(kinds.filter((kind) => kind === "rewind").length, 2);
    assert.equal(kinds.at(-1), "stop");
    assert.equal(listCheckpoints(`${dir}/run/checkpoints`).length > 0, true);
  }));

Deno.test("a run that shall go back to a checkpoint that is gone says which one", () =>
  inFolder(async (dir) => {
    using _poison = poisonBatches(EPOCH, (batch) => POISONED.includes(batch));
    const run = runSmall(dir, "run", {
      recipe: spikeRecipe(),
      onStep: (steps) => {
        if (steps !== 132) return;
        Deno.removeSync(`${dir}/run/checkpoints/short-0000120`, { recursive: true });
      },
    });
    await assert.rejects(run, /short-0000120 has no state\.json; go on with --resume/);
  }));

Deno.test("a stage goes on from the checkpoint of its very start", () =>
  inFolder(async (dir) => {
    const recipe = smallRecipe({ guards: { spike: {} } });
    await runSmall(dir, "whole", { recipe });
    await runSmall(dir, "cut", { recipe, stopAfter: 15 });
    const folder = `${dir}/cut/checkpoints`;
    assert.equal(listCheckpoints(folder).at(-1), "full-0000001");
    Deno.removeSync(`${folder}/full-0000001`, { recursive: true });
    assert.equal(listCheckpoints(folder).at(-1), "full-0000000");
    await runSmall(dir, "cut", { recipe, resume: true });
    assert.equal(weightsHash(`${dir}/cut`), weightsHash(`${dir}/whole`));
  }));

Deno.test("metrics of a run that was stopped between two lines are those of one that was not", () =>
  inFolder(async (dir) => {
    const [stage] = smallRecipe().stages;
    const recipe = smallRecipe({
      stages: [{ ...stage, samples: 520 * 8, batch: 8 }],
      checkpoint: { everySteps: 200, keep: 1 },
    });
    await runSmall(dir, "whole", { recipe });
    await runSmall(dir, "stopped", { recipe, stopAfter: 301 });
    await runSmall(dir, "stopped", { recipe, resume: true });
    const lines = (run: string) =>
      readMetrics(`${dir}/${run}/metrics.jsonl`).map(({ seconds: _, waited: __, ...line }) =>
        line as MetricsLine
      );
    assert.equal(lines("whole").length, 260);
    assert.deepEqual(lines("stopped"), lines("whole"));
  }));
