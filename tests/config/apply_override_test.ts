import assert from "node:assert/strict";
import { applyOverride } from "../../src/config/apply_override.ts";
import { tinyRecipe } from "./tiny_recipe.ts";

Deno.test("applyOverride sets a field when the path names an index or a stage", () => {
  const raw = tinyRecipe();
  applyOverride(raw, "stages[0].lr", 1);
  applyOverride(raw, "stages.0.batch", 2);
  applyOverride(raw, "stages.only.samples", 3);
  applyOverride(raw, "optimizer.beta1", 0.5);
  assert.deepEqual(
    [raw.stages[0].lr, raw.stages[0].batch, raw.stages[0].samples, raw.optimizer],
    [1, 2, 3, { beta1: 0.5 }],
  );
});

Deno.test("applyOverride names what is allowed when the path leads nowhere", () => {
  const raw = tinyRecipe();
  assert.throws(
    () => applyOverride(raw, "stages[4].lr", 1),
    /no element "4"; allowed: 0 to 0 or only/,
  );
  assert.throws(
    () => applyOverride(raw, "name.first", 1),
    /name holds "tiny", which has no fields/,
  );
  assert.throws(() => applyOverride(raw, "a..b", 1), /not a field path/);
});

Deno.test("applyOverride refuses a key when it reaches into JavaScript's own objects", () => {
  for (const path of ["__proto__.x", "a.constructor.prototype", "data.__proto__"]) {
    assert.throws(() => applyOverride(tinyRecipe(), path, 1), RangeError);
  }
  assert.equal(({} as Record<string, unknown>).x, undefined);
});
