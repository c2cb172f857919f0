import assert from "node:assert/strict";
import { loadSweep, sweepNames } from "../../src/config/load_sweep.ts";
import { stageSteps } from "../../src/config/stage_numbers.ts";
import { parameterCounts } from "../../src/model/model_cost.ts";
import { LAW_DESIGN } from "../../src/scaling/law_design.ts";
import { type SweepCell, sweepCells } from "../../src/scaling/sweep/sweep_cell.ts";

const cellsOf = (name: string) => sweepCells(loadSweep(name));
const law = cellsOf("law");
const seedsOf = (tower: string, image: string) =>
  law.filter(({ labels }) => labels.tower === tower && labels.image === image)
    .map(({ recipe }) => recipe.seed);

Deno.test("every sweep of the project has cells that are allowed and do not collide", () => {
  assert.deepEqual(sweepNames(), ["law", "law-after", "pilot", "text-law", "tuning-masks"]);
  for (const name of sweepNames()) assert.ok(cellsOf(name).length > 0, name);
  assert.throws(
    () => loadSweep("lav"),
    /unknown sweep "lav"; nearest: law; allowed: law, law-after, pilot/,
  );
});

Deno.test("the law has four paired seeds where its conclusion stands, two elsewhere", () => {
  for (const tower of ["small", "large"]) {
    for (const image of ["full-36", "resize-4"]) {
      assert.deepEqual(seedsOf(tower, image), [1, 2, 3, 4]);
    }
    for (const image of ["resize-16", "resize-9", "random-9", "grid-9", "block-9"]) {
      assert.deepEqual(seedsOf(tower, image), [1, 2]);
    }
  }
  for (const image of ["full-36", "resize-4"]) assert.deepEqual(seedsOf("middle", image), [1, 2]);
  assert.ok(LAW_DESIGN.includes(`${law.length} cells`), `${law.length} cells`);
});

Deno.test("law-after trains as the law does, on twice the pairs or on all 64 patches", () => {
  for (const { labels, recipe } of cellsOf("law-after")) {
    const like = law.find((cell) => cell.labels.tower === labels.tower)!.recipe;
    assert.deepEqual([recipe.model, recipe.data, recipe.optimizer, recipe.stages[1]], [
      like.model,
      like.data,
      like.optimizer,
      like.stages[1],
    ]);
    const [kind, tokens] = labels.image.split("-");
    assert.equal(recipe.stages[0].image.tokens, Number(tokens));
    assert.equal(recipe.stages[0].samples, kind === "twice" ? 832_000 : 416_000);
  }
});

/** What must not differ between the lengths of a tower. */
const fixed = ({ recipe }: SweepCell) =>
  JSON.stringify([
    recipe.model,
    recipe.data,
    recipe.optimizer,
    recipe.stages.map(({ image: _, ...stage }) => stage),
    recipe.stages[1].image,
  ]);

Deno.test("cells of one tower differ in the image tokens of pre-training and the seed only", () => {
  for (const tower of ["small", "middle", "large"]) {
    const cells = law.filter(({ labels }) => labels.tower === tower);
    assert.equal(new Set(cells.map(fixed)).size, 1, tower);
    assert.ok(cells.every(({ recipe }) => recipe.stages[1].image.tokens === 36));
  }
  const pairs = new Set(
    law.map(({ recipe }) => recipe.stages.map((s) => stageSteps(s) * s.batch).join()),
  );
  assert.deepEqual([...pairs], ["416000,64000"]);
});

Deno.test("tokens are what the labels say, and towers are 1 : 4 : 16 in block parameters", () => {
  for (const { labels, recipe } of law) {
    const [strategy, tokens] = labels.image.split("-");
    const { image } = recipe.stages[0];
    assert.equal(image.tokens, Number(tokens));
    assert.equal(image.strategy, strategy === "full" ? "resize" : strategy);
  }
  const blocks = ["small", "middle", "large"].map((tower) => {
    const { model } = law.find(({ labels }) => labels.tower === tower)!.recipe;
    const { width, mlp } = model.image;
    assert.equal(model.text.width, width);
    return (4 * width ** 2 + 2 * width * mlp) / (12 * 48 ** 2);
  });
  assert.deepEqual(blocks, [1, 4, 16]);
  const { total } = parameterCounts(
    law.find(({ labels }) => labels.tower === "large")!.recipe.model,
    48,
    8,
  );
  assert.ok(total > 2.5e6 && total < 5e6, `${total} parameters`);
});

Deno.test("the pilot chooses at full length, with a seed and pairs of its own and no test of the law", () => {
  for (const { recipe } of cellsOf("pilot")) {
    assert.deepEqual(recipe.stages.map(({ image }) => image.tokens), [36]);
    assert.ok(!law.some((cell) => cell.recipe.seed === recipe.seed));
    assert.ok(recipe.eval.benches.includes("heldout-loss"));
  }
});

Deno.test("the text law has all four strategies at 4 and 8 tokens and tunes at full length", () => {
  const cells = cellsOf("text-law");
  for (const { recipe } of cells) {
    assert.equal(recipe.data.shuffleLists, true);
    assert.deepEqual(recipe.stages[1].text, { strategy: "truncation", tokens: 16 });
  }
  for (const tokens of [4, 8]) {
    const found = cells.filter(({ recipe }) => recipe.stages[0].text.tokens === tokens)
      .map(({ recipe }) => recipe.stages[0].text.strategy);
    assert.deepEqual([...new Set(found)], ["truncation", "random", "block", "syntax"]);
  }
});

Deno.test("masks during tuning share one pre-training for each tower and seed", () => {
  const prefixes = Map.groupBy(cellsOf("tuning-masks"), ({ prefix }) => prefix);
  assert.equal(prefixes.size, 4);
  for (const cells of prefixes.values()) {
    assert.deepEqual(cells.map(({ recipe }) => recipe.stages[1].image.tokens), [36, 27, 18, 9]);
  }
});
