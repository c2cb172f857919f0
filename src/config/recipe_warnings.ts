import type { Recipe } from "./recipe.ts";
import { peakLr, stageSteps, warmupSteps } from "./stage_numbers.ts";

/** A longer warm-up leaves little of a stage to its full rate; the papers' longest is a quarter. */
const LONGEST_WARMUP = 0.3;
/** Fewer steps than these hardly move a model, whatever the rate. */
const FEWEST_STEPS = 50;
/** Peak rates that AdamW has trained CLIP models with, in the papers and here. */
const LOWEST_RATE = 1e-7;
const HIGHEST_RATE = 5e-3;
/** Below this batch a device waits for its kernels more than it computes. */
const SMALLEST_SHARE = 16;
/** Batches from here on are the papers', whose rates are stated per 256 pairs. */
const PAPER_BATCH = 4096;

/**
 * What is allowed but seldom meant: one line for each finding, with the path, what was seen and what is
 * usual. Contradictions are errors and stand in `check_recipe.ts`.
 *
 * @param devices Devices that share each batch; absent = not known, so nothing is said of them.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { loadRecipe } from "./load_recipe.ts";
 * import { recipeWarnings } from "./recipe_warnings.ts";
 *
 * assert.deepEqual(recipeWarnings(loadRecipe("quick")), []);
 * const [warning] = recipeWarnings(loadRecipe("quick", ["stages[0].lr=0.1"]));
 * assert.match(warning, /^stages\[0\]\.lr: /);
 * ```
 */
export function recipeWarnings(recipe: Recipe, devices?: number): string[] {
  return recipe.stages.flatMap((_, index) => [
    ...warmUp(recipe, index),
    ...rate(recipe, index),
    ...(devices === undefined ? [] : share(recipe, index, devices)),
  ]);
}

function* warmUp({ stages }: Recipe, index: number): Generator<string> {
  const stage = stages[index];
  const [steps, warm] = [stageSteps(stage), warmupSteps(stage)];
  if (steps < FEWEST_STEPS) {
    yield `stages[${index}].samples: seen ${stage.samples}, ${steps} steps of ${stage.batch}; usual: at ` +
      `least ${FEWEST_STEPS} steps`;
    return;
  }
  if (warm > LONGEST_WARMUP * steps) {
    yield `stages[${index}].warmup: seen ${warm} of ${steps} steps; usual: at most ` +
      `${LONGEST_WARMUP * 100} %`;
  }
  if (index === 0 && warm === 0) {
    yield `stages[${index}].warmup: seen none; usual: 1 to 10 % of the ${steps} steps, since AdamW's ` +
      "first updates are as large as the rate";
  }
}

function* rate({ stages }: Recipe, index: number): Generator<string> {
  const stage = stages[index];
  const peak = peakLr(stage);
  const field = stage.lr === null ? "baseLr" : "lr";
  const at = `stages[${index}].${field}`;
  const say = peak.toExponential(1);
  if (peak > HIGHEST_RATE || peak < LOWEST_RATE) {
    yield `${at}: seen a peak rate of ${say}; usual: ${LOWEST_RATE} to ${HIGHEST_RATE}`;
  }
  const before = stages[index - 1];
  if (before !== undefined && peak > peakLr(before)) {
    yield `${at}: seen a peak rate of ${say} after ${
      peakLr(before).toExponential(1)
    }; usual: a later ` +
      "stage tunes with a lower one";
  }
  if (stage.lr !== null && stage.batch >= PAPER_BATCH) {
    yield `${at}: seen ${stage.lr} with batch ${stage.batch}; usual from ${PAPER_BATCH} up: baseLr, ` +
      `here ${(stage.lr * 256 / stage.batch).toExponential(1)}, so that the rate follows the batch`;
  }
}

function* share({ stages }: Recipe, index: number, devices: number): Generator<string> {
  const { batch, accumulate } = stages[index];
  const at = `stages[${index}].batch`;
  const parts = devices * accumulate;
  if (batch % parts !== 0) {
    yield `${at}: seen ${batch} for ${devices} devices and accumulate ${accumulate}; usual: a multiple ` +
      `of ${parts}, so that every device has the same work`;
  } else if (devices > 1 && batch / parts < SMALLEST_SHARE) {
    yield `${at}: seen ${batch}, ${
      batch / parts
    } pairs at a time for each of ${devices} devices; ` +
      `usual: at least ${SMALLEST_SHARE}`;
  }
}
