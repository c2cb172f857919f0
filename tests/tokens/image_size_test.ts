import assert from "node:assert/strict";
import { imageSizeFor } from "../../src/tokens/image_size_for.ts";
import { imageTokensFor } from "../../src/tokens/image_tokens_for.ts";

Deno.test("imageSizeFor gives the sizes of the papers when the patch is 14 or 16", () => {
  const sizes = [[16, 16], [36, 16], [49, 16], [196, 16], [25, 14], [36, 14], [256, 14]]
    .map(([tokens, patch]) => imageSizeFor(tokens, patch));
  assert.deepEqual(sizes, [64, 96, 112, 224, 70, 84, 224]);
});

Deno.test("imageSizeFor and imageTokensFor undo each other when the budget is possible", () => {
  for (const patch of [1, 4, 8, 14]) {
    for (let side = 1; side <= 24; side++) {
      assert.equal(imageTokensFor(imageSizeFor(side * side, patch), patch), side * side);
    }
  }
});

Deno.test("imageSizeFor names the nearest squares when the tokens are not square", () => {
  assert.throws(
    () => imageSizeFor(50, 8),
    /image.tokens: seen 50; .*49 \(size 56\) or 64 \(size 64\)/,
  );
  assert.throws(() => imageSizeFor(0, 8), /nearest: 1 \(size 8\)/);
  for (const bad of [-4, NaN, Infinity, 2.25]) {
    assert.throws(() => imageSizeFor(bad, 8), RangeError);
  }
  assert.throws(() => imageSizeFor(16, 0), /patch: seen 0/);
});

Deno.test("imageTokensFor names the nearest sizes when the patch does not divide", () => {
  assert.throws(() => imageTokensFor(60, 8), /image.size: seen 60; .*patch 8; nearest: 56 or 64/);
  assert.throws(() => imageTokensFor(3, 8), /nearest: 8$/);
  for (const bad of [0, -8, NaN]) assert.throws(() => imageTokensFor(bad, 8), RangeError);
});
