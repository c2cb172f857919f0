import assert from "node:assert/strict";
import { readEvents } from "../../src/train/event_log.ts";
import { inFolder } from "../trust/row.ts";
import { runSmall, smallRecipe, weightsHash } from "../trust/small_experiment.ts";

/** Stops a run at a step when the disk has just become full. */
async function stopOnFullDisk(dir: string, out: string, everySteps: number | null): Promise<void> {
  const { mkdirSync } = Deno;
  const recipe = smallRecipe({ checkpoint: { everySteps, keep: 2 } });
  try {
    await runSmall(dir, out, {
      recipe,
      stopAfter: 7,
      onStep: (step) => {
        if (step !== 7) return;
        Deno.mkdirSync = () => {
          throw new Error("No space left on device (os error 28)");
        };
      },
    });
  } finally {
    Deno.mkdirSync = mkdirSync;
  }
}

// runSmall swallows what a stopped run throws, so the event log is looked at.
const lastStop = (run: string) =>
  readEvents(`${run}/events.jsonl`).filter(({ kind }) => kind === "stop").map(({ note }) => note);

Deno.test("a run that is stopped and cannot save says what is lost and where it goes on", () =>
  inFolder(async (dir) => {
    await stopOnFullDisk(dir, "saved", 3);
    const [first, second] = lastStop(`${dir}/saved`);
    assert.match(
      first,
      /^stage short: step 7 is not saved: .*No space left.*; the checkpoint short-0000006 is whole: the same command goes on from there$/,
    );
    assert.equal(second, first);
    const recipe = smallRecipe({ checkpoint: { everySteps: 3, keep: 2 } });
    await runSmall(dir, "saved", { recipe, resume: true });
    await runSmall(dir, "whole", { recipe });
    assert.equal(weightsHash(`${dir}/saved`), weightsHash(`${dir}/whole`));

    await stopOnFullDisk(dir, "none", null);
    assert.match(
      lastStop(`${dir}/none`)[0],
      /there is no checkpoint yet: the same command starts anew/,
    );
  }));
