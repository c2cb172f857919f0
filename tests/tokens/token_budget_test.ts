import assert from "node:assert/strict";
import { stageSchema } from "../../src/config/stage_schema.ts";
import type { ImageBudget, TextBudget } from "../../src/config/stage_recipe.ts";
import { IMAGE_REDUCTIONS, planImage } from "../../src/tokens/image_reduction.ts";
import { planText, TEXT_REDUCTIONS } from "../../src/tokens/text_reduction.ts";

const image = (strategy: string, size: number, tokens: number) =>
  planImage({ strategy, size, tokens } as ImageBudget, 8);

Deno.test("planImage gives size, grid, tokens and no mask when pictures are resized", () => {
  assert.deepEqual(image("resize", 32, 16), { size: 32, grid: 4, tokens: 16, mask: null });
});

Deno.test("planImage gives the same picture and a mask for all four strategies at 9 of 36", () => {
  assert.equal(image("resize", 24, 9).mask, null);
  for (const strategy of ["random", "grid", "block"]) {
    const { grid, tokens, mask } = image(strategy, 48, 9);
    assert.deepEqual([grid, tokens], [6, 9]);
    const out = new Int32Array(9);
    mask!({ seed: 1, epoch: 2, row: 3 }, out, 0);
    assert.equal(new Set(out).size, 9, strategy);
  }
});

Deno.test("planImage refuses with the nearest values when no mask or picture gives the tokens", () => {
  assert.throws(
    () => image("resize", 32, 17),
    /image.tokens: seen 17.*16 \(size 32\) or 25 \(size 40\)/,
  );
  assert.throws(() => image("resize", 33, 16), /image.size: seen 33; .*patch 8; nearest: 32 or 40/);
  assert.throws(() => image("grid", 48, 12), /image.tokens: seen 12 .*quarter.*nearest: 9 or 18/);
  assert.throws(() => image("grid", 40, 6), /image.size: seen 40, 5 patches a side; .*32 or 48/);
  assert.throws(() => image("random", 48, 37), /image.tokens: seen 37 .*1 to 36.*nearest: 36/);
  assert.throws(() => image("block", 48, 0), /image.tokens: seen 0 .*nearest: 1/);
  assert.throws(() => image("random", 48, 2.5), /nearest: 2 or 3/);
  for (const bad of [NaN, Infinity, -1]) {
    for (const strategy of ["resize", "random", "grid", "block"]) {
      assert.throws(() => image(strategy, 48, bad), RangeError);
    }
  }
});

Deno.test("plans list what is implemented when a strategy is unknown", () => {
  assert.throws(
    () => image("stretch", 32, 16),
    /image.strategy: seen "stretch"; implemented: resize, random, grid, block/,
  );
  const text = (strategy: string, tokens: number) => planText({ strategy, tokens } as TextBudget);
  assert.throws(
    () => text("toString", 8),
    /text.strategy: seen "toString"; implemented: truncation/,
  );
  assert.throws(() => text("truncation", 1), /text.tokens: seen 1; .*nearest: 2/);
  assert.throws(() => text("block", NaN), /text.tokens: seen NaN; .*nearest: 2/);
});

Deno.test("the recipe's strategies are the implemented ones when both lists are compared", () => {
  const { image, text } = stageSchema.shape;
  assert.deepEqual(image.shape.strategy.options.toSorted(), Object.keys(IMAGE_REDUCTIONS).sort());
  assert.deepEqual(text.shape.strategy.options.toSorted(), Object.keys(TEXT_REDUCTIONS).sort());
});
