import assert from "node:assert/strict";
import { parseRecipe } from "../../src/config/parse_recipe.ts";
import { peakLr, stageSteps, warmupSteps } from "../../src/config/stage_numbers.ts";
import { tinyRecipe } from "./tiny_recipe.ts";

/** The message with which the recipe is refused after `damage`. */
// deno-lint-ignore no-explicit-any -- see tinyRecipe.
function refusal(damage: (raw: any) => void, type: ErrorConstructor = RangeError): string {
  const raw = tinyRecipe();
  damage(raw);
  try {
    parseRecipe(raw, "tiny.yaml");
  } catch (error) {
    assert.ok(error instanceof type, `${error}`);
    return (error as Error).message;
  }
  assert.fail("the recipe was accepted");
}

Deno.test("parseRecipe fills preset, flavour and defaults when they are left out", () => {
  const recipe = parseRecipe(tinyRecipe(), "tiny.yaml");
  assert.deepEqual(recipe.model.image, {
    width: 48,
    layers: 4,
    heads: 3,
    mlp: 192,
    patch: 8,
    classToken: true,
    pool: "mean",
    position: "sincos2d",
    preNorm: false,
    filter: "bilinear",
    pixels: "imagenet",
  });
  assert.equal(recipe.model.text.vocabulary, 8192);
  assert.equal(recipe.model.gelu, "tanh");
  assert.equal(recipe.optimizer.weightDecay, 0.2);
  assert.deepEqual(recipe.stages[0].image, { strategy: "resize", size: 32, tokens: 16 });
  assert.deepEqual(recipe.stages[0].augment.area, [0.4, 1]);
});

Deno.test("parseRecipe takes the torch values when the flavour says so", () => {
  const raw = tinyRecipe();
  raw.model.flavour = "torch";
  const { model } = parseRecipe(raw, "tiny.yaml");
  assert.deepEqual(
    [model.gelu, model.layerNormEps, model.logitScaleMax, model.image.preNorm, model.text.pool],
    ["erf", 1e-5, 100, true, "eot"],
  );
});

Deno.test("parseRecipe lets the recipe win when it names a preset's field", () => {
  const raw = tinyRecipe();
  raw.model.image = { patch: 4 };
  const recipe = parseRecipe(raw, "tiny.yaml");
  assert.equal(recipe.model.image.patch, 4);
  assert.equal(recipe.model.image.width, 48);
  assert.equal(recipe.stages[0].image.tokens, 64);
});

Deno.test("parseRecipe derives the size when only tokens are given", () => {
  const raw = tinyRecipe();
  raw.stages[0].image = { tokens: 25 };
  assert.equal(parseRecipe(raw, "tiny.yaml").stages[0].image.size, 40);
});

Deno.test("parseRecipe gives weight 0 to the levels that captions leaves out when some are given", () => {
  const raw = tinyRecipe();
  raw.data.captions = { l1: 2 };
  assert.deepEqual(parseRecipe(raw, "x").data.captions, { l1: 2, l2: 0, l3: 0, l4: 0, l5: 0 });
});

Deno.test("parseRecipe freezes the recipe at every depth when it returns", () => {
  const recipe = parseRecipe(tinyRecipe(), "tiny.yaml");
  assert.throws(() => Object.assign(recipe.stages[0].augment.jitter, { strength: 1 }), TypeError);
});

Deno.test("parseRecipe leaves the given object alone when it fills in defaults", () => {
  const raw = tinyRecipe();
  parseRecipe(raw, "tiny.yaml");
  assert.deepEqual(raw, tinyRecipe());
});

Deno.test("parseRecipe keeps clipUpdate when it is given and adds no such field when it is not", () => {
  assert.ok(!("clipUpdate" in parseRecipe(tinyRecipe(), "tiny.yaml").optimizer));
  const raw = tinyRecipe();
  raw.optimizer = { clipUpdate: 1 };
  assert.equal(parseRecipe(raw, "tiny.yaml").optimizer.clipUpdate, 1);
  assert.match(
    refusal((raw) => raw.optimizer = { clipUpdate: 0 }),
    /optimizer\.clipUpdate: seen 0; allowed: a number above 0/,
  );
});

Deno.test("parseRecipe names the nearest key and its path when a key is unknown", () => {
  assert.equal(
    refusal((raw) => raw.stages[0].sample = 5),
    "recipe tiny.yaml: unknown key stages[0].sample; nearest: stages[0].samples",
  );
  assert.match(refusal((raw) => raw.lr = 1), /unknown key lr; nearest: stages\[0\]\.lr; allowed/);
  assert.match(refusal((raw) => raw.model.image = { widht: 3 }), /nearest: model\.image\.width/);
  assert.match(refusal((raw) => raw.zzzzzzzzzzzzzzzz = 1), /zzz; allowed here: name, data, model/);
});

Deno.test("parseRecipe says path, value and bound when a value is out of range", () => {
  assert.equal(
    refusal((raw) => raw.stages[0].batch = 1),
    "recipe tiny.yaml: stages[0].batch: seen 1; allowed: a number of at least 2",
  );
  assert.match(
    refusal((raw) => raw.model.gelu = "relu"),
    /model\.gelu: seen "relu"; allowed: "tanh", "erf"/,
  );
  assert.match(
    refusal((raw) => raw.optimizer = { beta1: 1 }),
    /beta1: seen 1; allowed: a number below 1/,
  );
});

Deno.test("parseRecipe throws a TypeError when a field is missing or of another type", () => {
  assert.match(
    refusal((raw) => delete raw.stages[0].samples, TypeError),
    /stages\[0\]\.samples: seen nothing; allowed: a (whole )?number/,
  );
  assert.match(refusal((raw) => raw.seed = "one", TypeError), /seed: seen "one"/);
  assert.match(refusal((raw) => raw.stages = 3, TypeError), /stages: seen 3; allowed: a list/);
});

Deno.test("parseRecipe lists every problem when there are several", () => {
  const message = refusal((raw) => {
    raw.stages[0].batch = 1;
    raw.seeed = 1;
  });
  const lines = message.split("\n");
  assert.equal(lines[0], "recipe tiny.yaml has 2 problems:");
  assert.deepEqual(lines.slice(1).map((line) => line.split(/[:;]/)[0].trim()).sort(), [
    "stages[0].batch",
    "unknown key seeed",
  ]);
});

Deno.test("parseRecipe names the nearest sizes when the patch does not divide the picture", () => {
  assert.equal(
    refusal((raw) => raw.stages[0].image = { size: 30 }),
    "recipe tiny.yaml: stages[0].image.size: seen 30; allowed: a multiple of the patch 8; nearest: 24 or 32",
  );
  assert.match(
    refusal((raw) => raw.stages[0].image = { tokens: 20 }),
    /tokens: seen 20 at size 32; .* nearest: 16 \(size 32\) or 25 \(size 40\)/,
  );
  assert.match(
    refusal((raw) => raw.stages[0].image = { size: 64, tokens: 16 }),
    /tokens: seen 16 at size 64/,
  );
});

Deno.test("parseRecipe refuses a stage when its numbers contradict each other", () => {
  assert.match(refusal((raw) => raw.stages[0].samples = 99), /samples: seen 99; .* 100/);
  assert.match(refusal((raw) => raw.stages[0].accumulate = 3), /a divisor of the batch 100/);
  assert.match(refusal((raw) => raw.stages[0].warmup = { steps: 10 }), /fewer than the stage's 10/);
  assert.match(refusal((raw) => raw.stages[0].augment = { area: [1, 0.5] }), /the smaller first/);
  assert.match(refusal((raw) => raw.stages.push(raw.stages[0])), /"only" twice/);
});

Deno.test("parseRecipe takes the papers' learning-rate rule only when the batch is large", () => {
  assert.match(refusal((raw) => raw.stages[0].baseLr = 8e-6), /exactly one of lr and baseLr/);
  assert.match(
    refusal((raw) => Object.assign(raw.stages[0], { lr: null, baseLr: 8e-6 })),
    /peak learning rate of 3\.1e-6; .* state lr/,
  );
  const raw = tinyRecipe();
  Object.assign(raw.stages[0], { lr: null, baseLr: 8e-6, batch: 32768, samples: 131_072_000 });
  raw.stages[0].warmup = { steps: 800 };
  const [stage] = parseRecipe(raw, "paper").stages;
  assert.ok(Math.abs(peakLr(stage) - 1.024e-3) < 1e-12);
  assert.equal(stageSteps(stage), 4000);
  assert.equal(warmupSteps(stage), 800);
});

Deno.test("parseRecipe refuses a model when its fields contradict each other", () => {
  assert.match(refusal((raw) => raw.model.image = { heads: 5 }), /divisor of the width 48/);
  assert.match(
    refusal((raw) => raw.model.image = { classToken: false, pool: "cls" }),
    /class token/,
  );
  assert.match(refusal((raw) => raw.model.text = { causal: true }), /causal/);
  assert.match(refusal((raw) => raw.model.preset = "laptop-w182"), /nearest: "laptop-w1[92]/);
});

Deno.test("parseRecipe wants exactly one source when the data set is described", () => {
  assert.match(refusal((raw) => raw.data = {}), /exactly one of set and shards/);
  assert.match(refusal((raw) => raw.data.shards = "x/*.tar"), /exactly one of set and shards/);
  assert.match(
    refusal((raw) => raw.data.decode = "scaled"),
    /data\.decode: seen without data\.shards/,
  );
  assert.match(
    refusal((raw) => raw.data = { shards: "x/*.tar", decode: "fast" }),
    /data\.decode: .*"exact".*"scaled"/,
  );
});

Deno.test("parseRecipe leaves the precision out when a recipe does not name one", () => {
  assert.ok(!("precision" in parseRecipe(tinyRecipe(), "tiny.yaml")));
  assert.equal(
    parseRecipe({ ...tinyRecipe(), precision: "bfloat16" }, "tiny").precision,
    "bfloat16",
  );
  assert.match(
    refusal((raw) => raw.precision = "float16", Error as ErrorConstructor),
    /precision: seen "float16".*"float32".*"bfloat16"/,
  );
});

Deno.test("parseRecipe leaves the tokenizer out when a recipe does not name one", () => {
  assert.ok(!("tokenizer" in parseRecipe(tinyRecipe(), "tiny.yaml").data));
});

Deno.test("parseRecipe checks the token table when the tokenizer is that of a released model", () => {
  const small = refusal((raw) => raw.data.tokenizer = "clip-bpe");
  assert.match(small, /model\.text\.vocabulary: seen 8192; allowed .*"clip-bpe": at least 49408/);
  const eot = refusal((raw) => {
    raw.data.tokenizer = "bert-uncased";
    raw.model.flavour = "torch";
    raw.model.text = { vocabulary: 32_000 };
  });
  assert.match(eot, /model\.text\.pool: seen "eot" with data\.tokenizer "bert-uncased", .*"last"/);
  assert.match(
    refusal((raw) => raw.data.tokenizer = "clip", Error as ErrorConstructor),
    /data\.tokenizer/,
  );
  const raw = tinyRecipe();
  raw.data.tokenizer = "bert-uncased-strip-sep";
  raw.model.text = { vocabulary: 30_522 };
  assert.equal(parseRecipe(raw, "tiny.yaml").data.tokenizer, "bert-uncased-strip-sep");
});
