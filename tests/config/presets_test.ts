import assert from "node:assert/strict";
import { parseRecipe } from "../../src/config/parse_recipe.ts";
import { PRESETS } from "../../src/config/presets.ts";
import { tinyRecipe } from "./tiny_recipe.ts";

/** Parameters of the transformer blocks of one tower: attention, perceptron, two layer norms. */
function blockParameters(tower: { width: number; layers: number; mlp: number }): number {
  const { width: w, layers, mlp } = tower;
  return layers * (4 * (w * w + w) + 2 * w * mlp + mlp + w + 4 * w);
}

Deno.test("PRESETS make a valid model when used in a recipe", () => {
  for (const preset of Object.keys(PRESETS)) {
    const raw = tinyRecipe();
    raw.model.preset = preset;
    raw.stages[0].image = { tokens: 16 };
    assert.equal(parseRecipe(raw, preset).model.preset, preset);
  }
});

Deno.test("PRESETS give the papers' tower sizes when blocks are counted", () => {
  // Paper 1, table 4, in millions: picture tower, and caption tower with its table of 30,522 rows
  // (32,000 for G/14) and 32 positions.
  const expected: Record<string, [image: number, text: number]> = {
    "S/16": [22, 33],
    "B/16": [86, 53],
    "L/16": [303, 109],
    "L/14": [303, 109],
    "H/14": [631, 334],
    "G/14": [1844, 672],
  };
  for (const [name, [image, text]] of Object.entries(expected)) {
    const preset = PRESETS[name];
    const words = name === "G/14" ? 32_000 : 30_522;
    const own = (blockParameters(preset.image) + 3 * preset.image.patch ** 2 * preset.image.width) /
      1e6;
    const ownText = (blockParameters(preset.text) + (words + 32) * preset.text.width) / 1e6;
    // What is not counted here (projections, class token, last norm) is below 1.2 %.
    assert.ok(Math.abs(own / image - 1) < 0.03, `${name} image ${own} against ${image}`);
    assert.ok(Math.abs(ownText / text - 1) < 0.03, `${name} text ${ownText} against ${text}`);
  }
});

Deno.test("PRESETS grow from about 0.1 to 10 million block parameters when laptop rows are listed", () => {
  const sizes = Object.entries(PRESETS).filter(([name]) => name.startsWith("laptop-"))
    .map(([, { image, text }]) => blockParameters(image) + blockParameters(text));
  assert.deepEqual(sizes, [...sizes].sort((a, b) => a - b));
  assert.ok(sizes[0] > 1e5 && sizes[0] < 3e5, `${sizes[0]}`);
  assert.ok((sizes.at(-1) as number) > 5e6 && (sizes.at(-1) as number) < 1e7, `${sizes.at(-1)}`);
});
