import assert from "node:assert/strict";
import { loadRecipe, recipeNames } from "../../src/config/load_recipe.ts";
import { parseRecipe } from "../../src/config/parse_recipe.ts";
import { recipeWarnings } from "../../src/config/recipe_warnings.ts";
import { tinyRecipe } from "./tiny_recipe.ts";

/** Warnings of a recipe of one stage of 100 steps, changed. */
function warningsOf(stage: object, devices?: number, second?: object): string[] {
  const recipe = tinyRecipe();
  recipe.stages[0] = { ...recipe.stages[0], samples: 10_000, ...stage };
  if (second) recipe.stages.push({ ...recipe.stages[0], name: "tune", ...second });
  return recipeWarnings(parseRecipe(recipe, "test"), devices);
}

Deno.test("recipeWarnings has nothing to say of the recipes that come with the project", () => {
  for (const name of recipeNames().filter((name) => name !== "smoke")) {
    const devices = name.startsWith("paper/") ? 8 : 1;
    assert.deepEqual(recipeWarnings(loadRecipe(name), devices), [], name);
  }
  // It only shows that everything runs.
  assert.match(recipeWarnings(loadRecipe("smoke"))[0], /30 steps of 64/);
});

Deno.test("recipeWarnings names a stage's warm-up when it is missing, too long, or the stage too short", () => {
  assert.deepEqual(warningsOf({}), []);
  const [none] = warningsOf({ warmup: { steps: 0 } });
  assert.match(none, /^stages\[0\]\.warmup: seen none; usual: 1 to 10 % of the 100 steps/);
  const [long] = warningsOf({ warmup: { steps: 31 } });
  assert.match(long, /^stages\[0\]\.warmup: seen 31 of 100 steps; usual: at most 30 %/);
  assert.deepEqual(warningsOf({ warmup: { steps: 30 } }), []);
  const [short] = warningsOf({ samples: 4_900 });
  assert.match(
    short,
    /^stages\[0\]\.samples: seen 4900, 49 steps of 100; usual: at least 50 steps/,
  );
});

Deno.test("recipeWarnings names a rate that is far off, rises, or does not follow a large batch", () => {
  assert.match(warningsOf({ lr: 0.01 })[0], /^stages\[0\]\.lr: seen a peak rate of 1\.0e-2/);
  assert.match(warningsOf({ lr: 1e-8 })[0], /peak rate of 1\.0e-8; usual: 1e-7 to 0\.005/);
  const [rises] = warningsOf({ lr: 1e-4 }, undefined, { lr: 1e-3 });
  assert.match(rises, /^stages\[1\]\.lr: seen a peak rate of 1\.0e-3 after 1\.0e-4/);
  const [rule] = warningsOf({ batch: 4096, samples: 409_600 });
  assert.match(rule, /usual from 4096 up: baseLr, here 6\.3e-5/);
  const based = { batch: 4096, samples: 409_600, lr: undefined, baseLr: 6e-5 };
  assert.deepEqual(warningsOf(based), []);
});

Deno.test("recipeWarnings names a batch that devices cannot share evenly, or that leaves them little", () => {
  assert.deepEqual(warningsOf({ batch: 96, samples: 9_600 }, 4), []);
  assert.match(
    warningsOf({}, 8)[0],
    /seen 100 for 8 devices and accumulate 1; usual: a multiple of 8/,
  );
  assert.match(warningsOf({ batch: 96, accumulate: 2, samples: 9600 }, 4)[0], /12 pairs at a time/);
  assert.deepEqual(warningsOf({ batch: 4, samples: 400 }, 1), []);
});
