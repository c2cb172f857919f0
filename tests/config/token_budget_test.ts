import assert from "node:assert/strict";
import { parseRecipe } from "../../src/config/parse_recipe.ts";
import { tinyRecipe } from "./tiny_recipe.ts";

/** The stage of a tiny recipe with these budgets. */
function stage(image: object, text: object = { tokens: 8 }) {
  const raw = tinyRecipe();
  Object.assign(raw.stages[0], { image, text });
  return parseRecipe(raw, "tiny.yaml").stages[0];
}

Deno.test("parseRecipe keeps size and tokens of a mask as they are given", () => {
  const budget = { strategy: "block", size: 48, tokens: 7, placement: "centre" };
  assert.deepEqual(stage(budget).image, budget);
  const text = { strategy: "syntax", tokens: 4, tags: "word", unit: "words" };
  assert.deepEqual(stage({ size: 32 }, text).text, text);
});

Deno.test("parseRecipe names the nearest tokens when no strategy gives the number", () => {
  assert.throws(
    () => stage({ strategy: "grid", size: 48, tokens: 12 }),
    /stages\[0\].image.tokens: seen 12 .*nearest: 9 or 18/,
  );
  assert.throws(
    () => stage({ strategy: "grid", size: 40, tokens: 6 }),
    /stages\[0\].image.size: seen 40, 5 patches a side; .*nearest: 32 or 48/,
  );
  assert.throws(
    () => stage({ strategy: "random", size: 48, tokens: 40 }),
    /stages\[0\].image.tokens: seen 40 .*1 to 36/,
  );
});

Deno.test("parseRecipe asks for the size, or the tokens, when a mask lacks it", () => {
  assert.throws(
    () => stage({ strategy: "random", size: 48 }),
    /stages\[0\].image.tokens: seen nothing/,
  );
  assert.throws(
    () => stage({ strategy: "random", tokens: 9 }),
    /stages\[0\].image.size: seen nothing/,
  );
});

Deno.test("parseRecipe refuses options of another strategy when they are given", () => {
  assert.throws(
    () => stage({ size: 48, jitter: "sample" }),
    /stages\[0\].image.jitter: an option of strategy grid; seen with strategy resize/,
  );
  assert.throws(
    () => stage({ size: 48 }, { tokens: 8, order: "shuffled" }),
    /stages\[0\].text.order: an option of strategy random; seen with strategy truncation/,
  );
});

Deno.test("parseRecipe refuses two kinds of tags when stages differ in them", () => {
  const raw = tinyRecipe();
  const [only] = raw.stages;
  const text = (tags: string) => ({ strategy: "syntax", tokens: 8, tags });
  raw.stages = [{ ...only, text: text("word") }, { ...only, name: "b", text: text("sentence") }];
  assert.throws(() => parseRecipe(raw, "tiny.yaml"), /stages\[1\].text.tags: seen sentence.*word/);
});

Deno.test("a recipe without the options of masks has no trace of them, so that its hash stays", () => {
  // A run goes on only if the hash of its recipe, and so each key, is what it was when it started.
  const { data, stages: [only] } = parseRecipe(tinyRecipe(), "tiny.yaml");
  assert.deepEqual(Object.keys(only.image), ["strategy", "size", "tokens"]);
  assert.deepEqual(Object.keys(only.text), ["strategy", "tokens"]);
  const keys = ["set", "shards", "limit", "captions", "balance", "familyCap"];
  assert.deepEqual(Object.keys(data), keys);
});
