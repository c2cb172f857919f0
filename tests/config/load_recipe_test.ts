import assert from "node:assert/strict";
import { formatRecipe, loadRecipe, recipeNames } from "../../src/config/load_recipe.ts";

const FOLDER = new URL("../../src/config/recipes/", import.meta.url);

/** Runs `body` with the path of a temporary file that holds `text`. */
function withFile(text: string, body: (path: string) => void): void {
  const path = Deno.makeTempFileSync({ suffix: ".yaml" });
  try {
    Deno.writeTextFileSync(path, text);
    body(path);
  } finally {
    Deno.removeSync(path);
  }
}

Deno.test("loadRecipe accepts every recipe of the project when given its name", () => {
  assert.ok(recipeNames().includes("quick"));
  for (const name of recipeNames()) {
    assert.equal(loadRecipe(name).name, name.split("/").at(-1));
  }
});

Deno.test("a recipe's header states command and pairs when compared with its stages", () => {
  for (const name of recipeNames()) {
    const text = Deno.readTextFileSync(new URL(`${name}.yaml`, FOLDER));
    assert.match(text, new RegExp(`^# Command: deno task train ${name}$`, "m"));
    const pairs = loadRecipe(name).stages.reduce((sum, stage) => sum + stage.samples, 0);
    assert.match(text, new RegExp(`^# Pairs: ${pairs}$`, "m"), name);
  }
});

Deno.test("loadRecipe reads overrides as YAML when they are given", () => {
  const recipe = loadRecipe("smoke", [
    "seed=7",
    "stages.full.lr=5e-4",
    "stages[0].augment.area=[0.5, 0.9]",
    "data.limit=null",
    "name=other",
  ]);
  assert.equal(recipe.seed, 7);
  assert.equal(recipe.stages[1].lr, 5e-4);
  assert.deepEqual(recipe.stages[0].augment.area, [0.5, 0.9]);
  assert.equal(recipe.data.limit, null);
  assert.equal(recipe.name, "other");
});

Deno.test("loadRecipe says what to write when an override is malformed", () => {
  assert.throws(() => loadRecipe("smoke", ["seed"]), /seen no "="; write for example --set seed=1/);
  assert.throws(() => loadRecipe("smoke", ["seed=[1"]), SyntaxError);
  assert.throws(() => loadRecipe("smoke", ["optimiser.eps=1"]), /nearest: optimizer/);
});

Deno.test("loadRecipe names the nearest recipe when the name is unknown", () => {
  assert.throws(() => loadRecipe("quik"), /unknown recipe "quik"; nearest: quick; allowed: /);
});

Deno.test("loadRecipe names the file when its text is not a recipe", () => {
  withFile("a: [", (path) => assert.throws(() => loadRecipe(path), SyntaxError));
  withFile("", (path) => assert.throws(() => loadRecipe(path, ["seed=1"]), TypeError));
  withFile("- 1", (path) => assert.throws(() => loadRecipe(path), /seen no named fields/));
  withFile("__proto__: {polluted: 1}", (path) => assert.throws(() => loadRecipe(path), RangeError));
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

Deno.test("formatRecipe gives back the same recipe when its text is loaded", () => {
  for (const name of recipeNames()) {
    const recipe = loadRecipe(name);
    withFile(formatRecipe(recipe), (path) => assert.deepEqual(loadRecipe(path), recipe));
  }
});
