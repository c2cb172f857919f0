import assert from "node:assert/strict";
import { runCli } from "../../src/cli/run_cli.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { loadRecipe } from "../../src/config/load_recipe.ts";
import { parseRecipe } from "../../src/config/parse_recipe.ts";
import type { Recipe } from "../../src/config/recipe.ts";
import { ClipModel } from "../../src/model/clip_model.ts";
import { NativeContext } from "../../src/native/context.ts";
import { PAPER_TABLES } from "../../src/scaling/paper/paper_tables.ts";
import {
  calibrate,
  flopUtilisation,
  leaveOneRunOut,
  predictSeconds,
  publishedRuns,
} from "../../src/scaling/plan/calibration.ts";
import { formatPlan } from "../../src/scaling/plan/format_plan.ts";
import { HARDWARE, readHardware } from "../../src/scaling/plan/hardware.ts";
import { loaderNeed, MEASURED_RATES } from "../../src/scaling/plan/loader_cores.ts";
import { forwardPasses } from "../../src/scaling/plan/pair_work.ts";
import { stageMemory } from "../../src/scaling/plan/plan_memory.ts";
import { planRecipe } from "../../src/scaling/plan/plan_recipe.ts";
import {
  HEADLINE_RUNS,
  PUBLISHED_RUNS,
  README_RUN,
} from "../../src/scaling/plan/published_runs.ts";
import { TrainStep } from "../../src/train/train_step.ts";

const EIGHT = readHardware("a100-80gb:8");
const HEADLINE_RECIPES = ["clipa-b16-i50-t16", "clipa-l16-i17-t16", "clipa-l16-i37-t8"];

/** A recipe of one stage in a few words. */
function oneStage(preset: string, size: number, textTokens: number, more: object = {}): Recipe {
  return parseRecipe({
    name: "one",
    data: { shards: "shards/*.tar" },
    model: { preset },
    stages: [{
      name: "only",
      samples: 1e6,
      batch: 4096,
      image: { size },
      text: { tokens: textTokens },
      lr: 1e-3,
      warmup: { share: 0.1 },
      ...more,
    }],
  }, "test");
}

Deno.test("planRecipe gives the published parameters and the papers' compute of a pair", () => {
  for (
    const [preset, size, millions] of [
      ["L/14", 224, "414.21"],
      ["L/14", 336, "414.54"],
      ["H/14", 224, "968.24"],
      ["G/14", 224, "2517.22"],
      ["G/14", 336, "2517.76"],
    ] as const
  ) {
    const { parameters } = planRecipe(oneStage(preset, size, 32), EIGHT);
    assert.ok(Math.abs(parameters.total / 1e6 - Number(millions)) < 0.006, `${preset} ${size}`);
    assert.equal(parameters.image + parameters.text + 1, parameters.total);
  }
  for (const { model, imageSize, textTokens, gmacs } of PAPER_TABLES.compute.pairGmacs) {
    const plan = planRecipe(oneStage(model, imageSize, textTokens), EIGHT);
    const digits = String(gmacs).split(".")[1].length;
    assert.equal(plan.gmacsPerPair.toFixed(digits), gmacs.toFixed(digits), `${model} ${imageSize}`);
  }
  const h14 = planRecipe(oneStage("H/14", 224, 32), EIGHT);
  assert.equal(h14.gmacsPerPairWithAttention.toFixed(1), "177.0"); // paper 2
});

Deno.test("one utilisation explains the three headline GPU hours within 20 % when only arithmetic counts", () => {
  const { utilisation, runs } = flopUtilisation(HEADLINE_RUNS);
  assert.ok(Math.abs(utilisation - 0.212) < 0.0005, `${utilisation}`);
  for (const { name, error } of runs) assert.ok(Math.abs(error) < 0.2, `${name}: ${error}`);
  HEADLINE_RECIPES.forEach((name, i) => {
    const { gpuHoursByFlopsAlone } = planRecipe(loadRecipe(`paper/${name}`), EIGHT);
    const error = gpuHoursByFlopsAlone! / HEADLINE_RUNS[i].gpuHours - 1;
    assert.ok(Math.abs(error) < 0.2, `${name}: ${error}`);
  });
});

Deno.test("leaveOneRunOut predicts every run of the papers within 7 % from the other five", () => {
  const held = leaveOneRunOut(publishedRuns());
  assert.deepEqual(held.map(({ hours }) => hours), [444, 628, 826, 4008, 5920, 7776]);
  for (const { name, error } of held) assert.ok(Math.abs(error) < 0.07, `${name}: ${error}`);
});

Deno.test("planRecipe gives the published GPU hours within 10 % with one utilisation for all", () => {
  const plans = HEADLINE_RECIPES.map((name) => planRecipe(loadRecipe(`paper/${name}`), EIGHT));
  plans.forEach(({ gpuHours }, i) => {
    const error = gpuHours / HEADLINE_RUNS[i].gpuHours - 1;
    assert.ok(Math.abs(error) < 0.1, `${HEADLINE_RECIPES[i]}: ${error}`);
  });
  assert.equal(new Set(plans.map(({ utilisation }) => utilisation)).size, 1);
  const v2 = planRecipe(loadRecipe("paper/clipa-v2-h14"), EIGHT);
  assert.ok(Math.abs(v2.gpuHours / 8640 - 1) < 0.1, `${v2.gpuHours}`);
});

Deno.test("the calibration is stated to be worse outside: G/14 of the README within 20 %, below", () => {
  // Trained by other code in two model partitions; whether at 70 or 84 px is not known.
  const fitted = calibrate(publishedRuns());
  const plan = planRecipe(
    parseRecipe({
      name: "g14",
      data: { shards: "shards/*.tar" },
      model: { preset: "G/14" },
      stages: README_RUN.stages.map(({ samples, patches, textTokens }, i) => ({
        name: `s${i}`,
        samples,
        batch: 65536,
        image: i === 0 ? { tokens: patches } : { strategy: "random", size: 224, tokens: patches },
        text: { tokens: textTokens },
        baseLr: 8e-6,
        warmup: { steps: 100 },
      })),
    }, "test"),
    { ...EIGHT, calibration: fitted },
  );
  const error = plan.gpuHours / README_RUN.gpuHours - 1;
  assert.ok(error < -0.1 && error > -0.2, `${error}`);
});

Deno.test("laptop-cpu gives the measured steps of the README within 8 %", () => {
  // Width, image tokens, text tokens, pairs a second: medians, batch 256, two cores.
  for (
    const [width, image, text, rate] of [
      [128, 17, 8, 1343],
      [128, 37, 16, 689],
      [192, 17, 8, 654],
      [256, 17, 8, 391],
      [256, 65, 16, 118],
    ]
  ) {
    const recipe = oneStage("laptop-w128", Math.sqrt(image - 1) * 8, text, { batch: 256 });
    const heads = width / 32, mlp = 4 * width;
    const model = {
      ...recipe.model,
      embed: width,
      image: { ...recipe.model.image, width, heads, mlp },
      text: { ...recipe.model.text, width, heads, mlp },
    };
    const [stage] = planRecipe({ ...recipe, model }, readHardware("laptop-cpu")).stages;
    const error = stage.pairsPerSecondPerDevice / rate - 1;
    assert.ok(Math.abs(error) < 0.08, `width ${width}, ${image}+${text} tokens: ${error}`);
  }
});

Deno.test("stageMemory equals what the tape plans within 2 % when nothing is recomputed", () => {
  using context = new NativeContext({ threads: 1 });
  for (
    const [preset, size, textTokens, batch, accumulate] of [
      ["laptop-w48", 32, 8, 32, 1],
      ["laptop-w48", 48, 16, 64, 1],
      ["laptop-w96", 48, 16, 64, 4],
      ["laptop-w128", 32, 8, 128, 1],
    ] as const
  ) {
    const recipe = oneStage(preset, size, textTokens, { batch, accumulate });
    const [stage] = recipe.stages;
    const shape = { spec: recipe.model, imageSize: size, textTokens };
    using model = new ClipModel(context, shape);
    using step = new TrainStep(model, { batch, accumulate, weightDecay: 0.1 });
    const { activations } = stageMemory(recipe, stage, HARDWARE["laptop-cpu"], 1);
    const error = activations / step.arenaBytes - 1;
    assert.ok(Math.abs(error) < 0.02, `${preset} ${size} ${textTokens}: ${error}`);
  }
});

Deno.test("stageMemory halves the activations when devices or parts double, and keeps the model", () => {
  const recipe = oneStage("L/16", 96, 8);
  const [stage] = recipe.stages;
  const on = (devices: number, accumulate = 1) =>
    stageMemory(recipe, { ...stage, accumulate }, HARDWARE["a100-80gb"], devices);
  assert.equal(on(8).activations, on(4).activations / 2);
  assert.equal(on(4, 2).activations, on(8).activations);
  assert.equal(on(8).parameters, on(1).parameters);
  // 18 bytes for a parameter: weight, gradient, two moments, and the copy of 2 bytes.
  assert.equal(on(1).parameters % 18, 0);
});

Deno.test("the paper's batches fit the papers' machine where the papers used it", () => {
  for (const name of HEADLINE_RECIPES) {
    assert.ok(planRecipe(loadRecipe(`paper/${name}`), EIGHT).fits, name);
  }
  const v2 = planRecipe(loadRecipe("paper/clipa-v2-h14"), EIGHT);
  assert.deepEqual(v2.stages.map((stage) => stage.fits), [true, false, false]);
  assert.deepEqual(v2.stages.map((stage) => stage.accumulateToFit), [1, 2, 2]);
  assert.match(formatPlan("h14", v2), /does not fit\n[^]*stage full needs accumulate: 2 to fit/);
});

Deno.test("forwardPasses counts the pass back as two, recomputation and parts as one each", () => {
  assert.equal(forwardPasses({ recompute: false, accumulate: 1 }), 3);
  assert.equal(forwardPasses({ recompute: true, accumulate: 1 }), 4);
  assert.equal(forwardPasses({ recompute: true, accumulate: 8 }), 5);
});

Deno.test("planRecipe halves the hours by the clock and keeps the money when devices double", () => {
  const recipe = loadRecipe("paper/clipa-l16-i17-t16");
  const [eight, sixteen] = [8, 16].map((devices) => planRecipe(recipe, { ...EIGHT, devices }));
  assert.ok(Math.abs(sixteen.hours / eight.hours - 0.5) < 0.01);
  assert.ok(Math.abs(sixteen.dollars! / eight.dollars! - 1) < 0.01);
  assert.equal(eight.dollars, eight.gpuHours * 1.575);
  for (const { spent, gpuHours } of eight.stages) {
    const sum = Object.values(spent).reduce((total, part) => total + part, 0);
    assert.ok(Math.abs(sum / gpuHours - 1) < 1e-12);
  }
});

Deno.test("paper recipes have the papers' tuning steps and peak learning rates", async () => {
  const { peakLr, stageSteps } = await import("../../src/config/stage_numbers.ts");
  const numbers = (name: string) =>
    loadRecipe(`paper/${name}`).stages.map((
      stage,
    ) => [stageSteps(stage), peakLr(stage).toPrecision(4)]);
  assert.deepEqual(numbers("clipa-b16-i50-t16"), [[39062, "0.002048"], [16000, "0.00002560"]]);
  assert.deepEqual(numbers("clipa-l16-i17-t16"), [[78125, "0.001024"], [18285, "0.00002240"]]);
  assert.deepEqual(numbers("clipa-l16-i37-t8"), [[78125, "0.001024"], [18285, "0.00002240"]]);
  assert.deepEqual(numbers("law-s16-i50-t32"), [[78125, "0.001024"], [4000, "0.0001024"]]);
  assert.deepEqual(numbers("clipa-l16-i37-t8-paper"), [[78125, "0.001024"], [4000, "0.00005120"]]);
  assert.deepEqual(numbers("clipa-v2-g14"), [
    [195312, "0.001024"],
    [32000, "0.00002560"],
    [8000, "0.000006400"],
  ]);
  assert.deepEqual(numbers("clipa-v2-h14"), [
    [195312, "0.002048"],
    [16000, "0.00005120"],
    [8000, "0.000006400"],
  ]);
});

Deno.test("planning says what is allowed when hardware, price or devices make no sense", () => {
  assert.throws(() => readHardware("a100-8gb"), /nearest: a100-80gb; allowed: a100-40gb, /);
  assert.throws(
    () => readHardware("a100-80gb:0"),
    /seen count "0"; allowed: a whole number from 1/,
  );
  assert.throws(() => readHardware("a100-80gb:2:3"), /seen count "2:3"/);
  assert.throws(() => readHardware("a100-80gb:1e3"), /seen count "1e3"/);
  const recipe = oneStage("S/16", 64, 8);
  assert.throws(() => planRecipe(recipe, { ...EIGHT, dollarsPerHour: 0 }), /price: seen 0/);
  assert.throws(
    () => planRecipe(recipe, { ...EIGHT, devices: 5000 }),
    /batch 4096 on 5000 devices/,
  );
  assert.throws(
    () => planRecipe(recipe, { ...EIGHT, devices: 6 }),
    /stages\.only\.batch: seen 4096 on 6 devices; allowed: a multiple .*, nearest 4092 or 4098/,
  );
  assert.equal(planRecipe(recipe, readHardware("h100-sxm:8")).dollars, null);
});

Deno.test("calibrate refuses one run, and times that are shorter than the work", () => {
  const [run] = publishedRuns();
  assert.throws(() => calibrate([run]), /seen 1 runs; allowed: at least two/);
  const fast = publishedRuns().map((each) => ({ ...each, seconds: each.roofSeconds / 3 }));
  assert.throws(() => calibrate(fast), /utilisation of .*the times do not fit the work/);
  assert.ok(Math.abs(predictSeconds(run, calibrate(publishedRuns())) / run.seconds - 1) < 0.01);
  assert.equal(PUBLISHED_RUNS.length, 6);
});

async function plan(...args: string[]) {
  const printed: string[] = [], warned: string[] = [];
  const code = await runCli(COMMANDS, ["plan", ...args], {
    signal: new AbortController().signal,
    env: () => undefined,
    root: ".",
    print: (line) => printed.push(line),
    warn: (line) => warned.push(line),
  });
  return { code, text: printed.join("\n"), warned: warned.join("\n") };
}

Deno.test("plan prints one JSON object with the promised keys when --json is given", async () => {
  const { code, text } = await plan(
    "paper/clipa-b16-i50-t16",
    "--hardware",
    "a100-80gb:8",
    "--json",
  );
  assert.equal(code, 0);
  const found = JSON.parse(text);
  for (
    const key of [
      "gmacsPerPair",
      "memoryBytesPerDevice",
      "gpuHours",
      "hours",
      "dollars",
      "utilisation",
    ]
  ) {
    assert.equal(typeof found[key], "number", key);
  }
  assert.deepEqual(Object.keys(found.parameters), ["image", "text", "total"]);
  assert.ok(Math.abs(found.hours - found.gpuHours / 8) < 1e-9);
});

Deno.test("plan shows where the hours go, and takes overrides and a price", async () => {
  const { code, text } = await plan(
    "quick",
    "--hardware",
    "laptop-cpu",
    "--set",
    "stages[0].samples=1280",
  );
  assert.equal(code, 0);
  assert.match(text, /^stage +pairs +steps +GMAC .* products +memory +optimizer +pictures$/m);
  assert.match(text, /^short +1,280 +10 /m);
  assert.match(text, /price not known; give --price/);
  assert.match(
    (await plan("quick", "--hardware", "h100-sxm", "--price", "2")).text,
    /money +\d+ dollars/,
  );
});

Deno.test("plan says how many cores the pictures of each stage take, by the rate that is given", async () => {
  const args = ["paper/clipa-l16-i17-t16", "--hardware", "a100-80gb:8"];
  const { text } = await plan(...args);
  const lines = text.split("\n").filter((line) => line.startsWith("loader"));
  assert.equal(lines.length, 2);
  assert.match(
    lines[0],
    /^loader +\S+: 8 devices take [\d,]+ pairs\/s: \d+ cores to decode them while training \(\d{3} pictures/,
  );
  const [short, full] =
    JSON.parse((await plan(...args, "--decode-rate", "500", "--json")).text).stages;
  for (const { loader, pairsPerSecondPerDevice } of [short, full]) {
    assert.ok(Math.abs(loader.pairsPerSecond / (8 * pairsPerSecondPerDevice) - 1) < 1e-12);
    assert.ok(Math.abs(loader.streamCores * 500 / loader.pairsPerSecond - 1) < 1e-12);
    assert.ok(loader.bakedCores < loader.streamCores / 5);
  }
  // The measured rates come out again, and between them a curve that falls with the pixels.
  for (const [size, rate] of [[112, 437], [224, 310]]) {
    assert.ok(Math.abs(loaderNeed({ image: { size } }, 1).picturesPerCore - rate) < 1e-9);
  }
  assert.ok(loaderNeed({ image: { size: 336 } }, 1).picturesPerCore < 310);
  assert.ok(MEASURED_RATES.secondsPerPicture > 0 && MEASURED_RATES.secondsPerPixel > 0);
  const bad = await plan(...args, "--decode-rate", "many");
  assert.equal(bad.code, 2);
  assert.match(bad.warned, /--decode-rate many: give pictures\/s of a core/);
});

Deno.test("plan exits with 2 for a bad price, with 1 for unknown hardware or recipe", async () => {
  assert.deepEqual([(await plan("quick", "--price", "free")).code], [2]);
  const hardware = await plan("quick", "--hardware", "gpu");
  assert.equal(hardware.code, 1);
  assert.match(hardware.warned, /error: hardware "gpu"; allowed: a100-40gb/);
  const recipe = await plan("paper/clipa-b16-i50-t61");
  assert.equal(recipe.code, 1);
  assert.match(recipe.warned, /nearest: paper\/clipa-b16-i50-t16/);
});
