import assert from "node:assert/strict";
import { FLAVOURS } from "../../src/config/flavours.ts";
import type { ModelSpec } from "../../src/config/model_spec.ts";
import { PRESETS } from "../../src/config/presets.ts";
import { pairMacs, parameterCounts } from "../../src/model/model_cost.ts";
import { ClipModel } from "../../src/model/clip_model.ts";
import { NativeContext } from "../../src/native/context.ts";

function paperSpec(preset: string): ModelSpec {
  const { image, text, ...fields } = FLAVOURS.jax;
  const row = PRESETS[preset];
  return {
    preset,
    flavour: "jax",
    embed: row.embed,
    ...fields,
    image: { ...image, ...row.image },
    text: { ...text, ...row.text },
  };
}

Deno.test("parameterCounts gives the published counts of the CLIPA-v2 models", () => {
  const millions: Record<string, [size: number, total: number][]> = {
    "L/14": [[224, 414.21], [336, 414.54]],
    "H/14": [[224, 968.24], [336, 968.64]],
    "G/14": [[224, 2517.22], [336, 2517.76]],
  };
  for (const [name, sizes] of Object.entries(millions)) {
    for (const [size, total] of sizes) {
      const count = parameterCounts(paperSpec(name), size, 32).total / 1e6;
      assert.ok(Math.abs(count - total) < 0.006, `${name} at ${size}: ${count}`);
    }
  }
  const { image, text } = parameterCounts(paperSpec("G/14"), 224, 32);
  assert.ok(Math.abs(image / 1e6 - 1844.90) < 0.01 && Math.abs(text / 1e6 - 672.32) < 0.01);
});

Deno.test("parameterCounts equals what a model of either flavour allocates", () => {
  using context = new NativeContext({ threads: 1 });
  for (const flavour of ["jax", "torch"] as const) {
    const { image, text, ...fields } = FLAVOURS[flavour];
    const base = paperSpec("laptop-w48");
    const spec: ModelSpec = {
      ...base,
      ...fields,
      flavour,
      image: { ...base.image, ...image, position: "learned" },
      text: { ...base.text, ...text, vocabulary: 300 },
    };
    using model = new ClipModel(context, { spec, imageSize: 32, textTokens: 8 });
    assert.equal(model.parameters.count, parameterCounts(spec, 32, 8).total);
  }
});

Deno.test("pairMacs gives the compute axis of paper 1, figure 8", () => {
  // As printed: the test asks for the same digits.
  const gmacs: Record<string, [patches: number, gmac: string][]> = {
    "S/16": [[196, "4.92"], [100, "2.85"], [49, "1.76"], [36, "1.48"], [16, "1.05"]],
    "B/16": [[196, "18.06"], [100, "9.85"], [49, "5.48"], [36, "4.37"], [16, "2.66"]],
    "L/16": [[196, "62.37"], [100, "33.3"], [49, "17.86"], [36, "13.92"], [16, "7.87"]],
  };
  for (const [name, points] of Object.entries(gmacs)) {
    for (const [patches, expected] of points) {
      const gmac = pairMacs(paperSpec(name), { patches, text: 32 }) / 1e9;
      const digits = expected.split(".")[1].length;
      assert.equal(gmac.toFixed(digits), expected, `${name} ${patches}`);
    }
  }
  for (const [patches, expected] of [[36, "25.72"], [25, "18.79"], [16, "13.13"]] as const) {
    const gmac = pairMacs(paperSpec("H/14"), { patches, text: 8 }) / 1e9;
    assert.equal(gmac.toFixed(2), expected, `H/14 ${patches}`);
  }
});

Deno.test("pairMacs with attention gives CLIPA-v2's 177.0 G for H/14", () => {
  const gmac = pairMacs(paperSpec("H/14"), { patches: 256, text: 32 }, { attention: true }) / 1e9;
  assert.equal(gmac.toFixed(1), "177.0");
});
