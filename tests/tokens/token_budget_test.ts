import assert from "node:assert/strict";
import { stageSchema } from "../../src/config/stage_schema.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { trainBpe } from "../../src/text/train_bpe.ts";
import { IMAGE_REDUCTIONS } from "../../src/tokens/image_reduction.ts";
import { TEXT_REDUCTIONS, textReduction } from "../../src/tokens/text_reduction.ts";
import { planBudget, type TokenBudget } from "../../src/tokens/token_budget.ts";

/** A budget; names that do not exist can be given, as a recipe from elsewhere could. */
function budget(imageTokens: number, textTokens: number, names: [string, string?] = ["resize"]) {
  const [image, text = "truncation"] = names;
  return {
    image: { strategy: image, tokens: imageTokens },
    text: { strategy: text, tokens: textTokens },
  } as TokenBudget;
}

Deno.test("planBudget gives size, grid and tokens when the budget is possible", () => {
  assert.deepEqual(planBudget(budget(16, 8), 8), { size: 32, grid: 4, tokens: 16 });
});

Deno.test("planBudget refuses with the nearest values when the budget is impossible", () => {
  assert.throws(
    () => planBudget(budget(17, 8), 8),
    /image.tokens: seen 17; .*16 \(size 32\) or 25/,
  );
  assert.throws(() => planBudget(budget(16, 1), 8), /text.tokens: seen 1; .*nearest: 2/);
  assert.throws(() => planBudget(budget(16, NaN), 8), /text.tokens: seen NaN; .*nearest: 2/);
});

Deno.test("planBudget lists what is implemented when a strategy is unknown", () => {
  assert.throws(
    () => planBudget(budget(16, 8, ["stretch"]), 8),
    /image.strategy: seen "stretch"; implemented: resize/,
  );
  assert.throws(
    () => planBudget(budget(16, 8, ["resize", "toString"]), 8),
    /text.strategy: seen "toString"; implemented: truncation/,
  );
});

Deno.test("the recipe's strategies are the implemented ones when both lists are compared", () => {
  const { image, text } = stageSchema.shape;
  assert.deepEqual(image.shape.strategy.options.toSorted(), Object.keys(IMAGE_REDUCTIONS).sort());
  assert.deepEqual(text.shape.strategy.options.toSorted(), Object.keys(TEXT_REDUCTIONS).sort());
});

Deno.test("truncation keeps the first tokens when a caption is too long", () => {
  const tokenizer = new Tokenizer(trainBpe(["red cat", "red cat"]), "jax");
  const out = new Int32Array(4);
  const needed = textReduction("truncation").encode(tokenizer, "red cat red cat", 4, out, 0);
  assert.equal(needed, 5);
  assert.equal(tokenizer.decode(out), "red cat red");
});
