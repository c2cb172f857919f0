import assert from "node:assert/strict";
import { loadWeights } from "../../../src/checkpoint/foreign/load_weights.ts";
import { modelOfWeights } from "../../../src/checkpoint/foreign/model_of_weights.ts";
import { openClipNames } from "../../../src/checkpoint/foreign/open_clip_names.ts";
import { ClipModel } from "../../../src/model/clip_model.ts";
import { resizePositionGrid } from "../../../src/model/resize_position_grid.ts";
import { NativeContext } from "../../../src/native/context.ts";
import { openClipWeights } from "../../../src/onnx/onnx_weights.ts";
import { randomModel, smallShape } from "../../onnx/small_models.ts";
import { changed, inMemory } from "./small_weights.ts";

const heads = { image: 3, text: 2 };
const small = { jax: smallShape(), torch: smallShape({ flavour: "torch", size: 32 }) };

for (const flavour of ["jax", "torch"] as const) {
  Deno.test(`weights go out and in with the same bits when the flavour is ${flavour}`, () => {
    using context = new NativeContext({ threads: 1 });
    using model = randomModel(context, small[flavour]);
    const tensors = inMemory(openClipWeights(model, "value"));
    const fields = { image: { pool: small[flavour].spec.image.pool } };
    const shape = modelOfWeights(tensors, "x", { heads, fields });
    const { spec } = small[flavour];
    assert.deepEqual(shape, {
      ...small[flavour],
      spec: { ...spec, image: { ...spec.image, position: "learned" } },
    });
    using again = new ClipModel(context, shape, { training: false, initialize: false });
    loadWeights(again, tensors, "x");
    const out = new Map(openClipWeights(again, "value").map((tensor) => [tensor.name, tensor]));
    assert.equal(out.size, tensors.size);
    for (const { name, shape, data } of openClipWeights(model, "value")) {
      assert.deepEqual(out.get(name), { name, shape, data }, name);
    }
  });
}

Deno.test("openClipNames takes off prefixes, custom text and buffers", () => {
  using context = new NativeContext({ threads: 1 });
  using model = randomModel(context, small.torch);
  const plain = inMemory(openClipWeights(model, "value"));
  const named = (rename: (name: string) => string) =>
    new Map([...plain].map(([name, tensor]) => [rename(name), tensor]));
  const custom = (name: string) =>
    name.startsWith("visual.") || name === "logit_scale" ? name : `text.${name}`;
  const keys = [...plain.keys()];
  assert.deepEqual([...openClipNames(plain).keys()], keys);
  assert.deepEqual([...openClipNames(named((name) => `module.${name}`)).keys()], keys);
  assert.deepEqual([...openClipNames(named((name) => `module._orig_mod.${name}`)).keys()], keys);
  assert.deepEqual([...openClipNames(named(custom)).keys()], keys);
  const buffers = changed(plain, { attn_mask: [7, 7], context_length: [] });
  assert.deepEqual([...openClipNames(buffers).keys()], keys);
  const twice = changed(named(custom), { text_projection: [1, 1] });
  assert.throws(() => openClipNames(twice), /hold text_projection twice/);
});

Deno.test("loadWeights lists the first differing names with shapes when the architecture is another", () => {
  using context = new NativeContext({ threads: 1 });
  using model = randomModel(context, small.jax);
  const tensors = inMemory(openClipWeights(model, "value"));
  const before = model.parameters.get("visual.proj").read();
  const other = changed(tensors, {
    "visual.conv1.weight": [32, 3, 8, 8],
    "visual.proj": [24, 21],
    "ln_final.bias": null,
    "visual.ln_pre.weight": [24],
  });
  assert.throws(() => loadWeights(model, other, "x.bin"), (error: Error) => {
    assert.match(
      error.message,
      /x\.bin holds weights of another architecture; 4 of \d+ names differ/,
    );
    assert.match(error.message, /visual\.conv1\.weight: \[32,3,8,8\], the model has \[24,3,8,8\]/);
    assert.match(error.message, /ln_final\.bias: missing, the model has \[16\]/);
    assert.match(error.message, /visual\.ln_pre\.weight: \[24\], the model has none/);
    return error instanceof SyntaxError;
  });
  assert.deepEqual(model.parameters.get("visual.proj").read(), before);
  const deeper = changed(
    tensors,
    Object.fromEntries(
      [...tensors].filter(([name]) => name.startsWith("transformer.resblocks.1."))
        .map(([name, { shape }]) => [name.replace(".1.", ".2."), shape]),
    ),
  );
  assert.throws(() => loadWeights(model, deeper, "x"), /and 6 others/);
});

Deno.test("loadWeights fits position tables to the model's sizes, each in its way", () => {
  using context = new NativeContext({ threads: 1 });
  const learned = smallShape({ image: { position: "learned" } });
  using model = randomModel(context, learned);
  const stored = openClipWeights(model, "value");
  const tensors = inMemory(stored);
  using larger = new ClipModel(context, { ...learned, imageSize: 40, textTokens: 9 }, {
    initialize: false,
  });
  loadWeights(larger, tensors, "x");
  const table = stored.find(({ name }) => name === "visual.positional_embedding")!.data;
  const wanted = resizePositionGrid(table, 24, 3, 5, true);
  assert.deepEqual(larger.parameters.get("visual.positional_embedding").read(), wanted);
  assert.deepEqual(larger.parameters.copy("visual.positional_embedding", "average").read(), wanted);
  const text = larger.parameters.get("positional_embedding").read();
  const first = stored.find(({ name }) => name === "positional_embedding")!.data.slice(0, 16);
  assert.deepEqual(text.slice(0, 16), first);

  // Computed positions are computed anew; weights that were trained with others are refused.
  using computed = new ClipModel(context, { ...smallShape(), imageSize: 40 });
  assert.throws(() => loadWeights(computed, tensors, "x"), /is not the sincos2d table .*learned/);
  using fixed = randomModel(context, smallShape());
  loadWeights(computed, inMemory(openClipWeights(fixed, "value")), "x");
});

Deno.test("modelOfWeights says what is missing, odd or unknown", () => {
  using context = new NativeContext({ threads: 1 });
  using model = randomModel(context, small.torch);
  const tensors = inMemory(openClipWeights(model, "value"));
  const refuse = (changes: Record<string, number[] | null>, why: RegExp) =>
    assert.throws(
      () =>
        modelOfWeights(changed(tensors, changes), "x", {
          heads,
          fields: { image: { pool: "cls" } },
        }),
      why,
    );
  refuse({ "visual.proj": null }, /visual\.proj is missing; CLIP weights/);
  refuse({ "visual.conv1.weight": [24, 192] }, /visual\.conv1\.weight is \[24,192\]/);
  refuse({ "visual.conv1.weight": [24, 1, 8, 8] }, /1 channels/);
  refuse({ "visual.positional_embedding": [16, 24] }, /16 image positions are no square and 1/);
  refuse({ "visual.transformer.resblocks.0.mlp.c_fc.weight": null }, /c_fc\.weight is missing/);
  assert.throws(() => modelOfWeights(tensors, "x", { heads }), /do not tell how they pool/);
  const pooled = { fields: { image: { pool: "cls" } } } as const;
  assert.throws(() => modelOfWeights(tensors, "x", pooled), /number of heads is unknown/);
  const odd = { heads: { image: 5, text: 2 }, ...pooled };
  assert.throws(() => modelOfWeights(tensors, "x", odd), /image\.heads: seen 5; allowed: a div/);
});
