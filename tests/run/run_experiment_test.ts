import assert from "node:assert/strict";
import { parseRecipe } from "../../src/config/parse_recipe.ts";
import type { Recipe } from "../../src/config/recipe.ts";
import { sha256 } from "../../src/checkpoint/safetensors.ts";
import { evaluateRun } from "../../src/run/evaluate_run.ts";
import { runExperiment, type RunProgress } from "../../src/run/run_experiment.ts";
import { readMetrics } from "../../src/train/metrics_log.ts";
import { makeSmallSet } from "./small_set.ts";

function recipe(changes: Record<string, unknown> = {}): Recipe {
  const stage = (
    name: string,
    samples: number,
    size: number,
    tokens: number,
    accumulate: number,
  ) => ({
    name,
    samples,
    batch: 32,
    accumulate,
    image: { size },
    text: { tokens },
    lr: 2e-3,
    warmup: { share: 0.1 },
    augment: { area: [0.9, 1], aspect: [0.95, 1.05], inkPaper: 0.2, gray: 0.1 },
  });
  return parseRecipe({
    name: "test",
    data: { set: "icons-v1", captions: { l1: 2, l2: 1 }, balance: "phrase-family" },
    model: {
      preset: "laptop-w48",
      image: { layers: 1, patch: 4 },
      text: { layers: 1, vocabulary: 400 },
    },
    stages: [stage("short", 1600, 8, 4, 1), stage("full", 640, 16, 6, 2)],
    optimizer: { clipNorm: 1, averaging: { kind: "ema", decay: 0.9 } },
    eval: { benches: ["small"], everySamples: 1000 },
    checkpoint: { everySteps: 7, keep: 2 },
    ...changes,
  }, "test");
}

async function withSet(
  body: (
    dir: string,
    run: (
      out: string,
      options?: Partial<{
        signal: AbortSignal;
        resume: boolean;
        recipe: Recipe;
        onProgress: (progress: RunProgress) => void;
      }>,
    ) => ReturnType<typeof runExperiment>,
  ) => Promise<void>,
) {
  const dir = await Deno.makeTempDir();
  try {
    const dataSet = makeSmallSet(`${dir}/set`);
    await body(dir, (out, options = {}) =>
      runExperiment(options.recipe ?? recipe(), {
        out: `${dir}/${out}`,
        resume: options.resume ?? false,
        device: "cpu",
        dataSet,
        setupSeconds: 0,
        signal: options.signal ?? new AbortController().signal,
        onProgress: options.onProgress ?? (() => {}),
      }));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const weightsOf = (dir: string) => sha256(Deno.readFileSync(`${dir}/weights.safetensors`));

Deno.test("runExperiment learns, evaluates and writes what the interface promises", async () => {
  await withSet(async (dir, run) => {
    const [short, full] = recipe().stages;
    const longer = recipe({ stages: [{ ...short, samples: 8000 }, { ...full, samples: 1920 }] });
    const result = await run("a", { recipe: longer });
    assert.equal(result.samples, 9920);
    assert.deepEqual(result.stages.map(({ name, samples }) => [name, samples]), [
      ["short", 8000],
      ["full", 1920],
    ]);
    assert.ok(result.stages[1].loss < 0.7 * Math.log(32), `loss ${result.stages[1].loss}`);
    const { top1, n, classes } = result.eval.small;
    assert.deepEqual([n, classes], [64, 64]);
    assert.ok(top1 > 5 / 64, `top-1 ${top1}`);
    assert.ok(result.dataWaitShare >= 0 && result.dataWaitShare < 1);
    const lines = readMetrics(`${dir}/a/metrics.jsonl`);
    assert.equal(lines.filter((line) => "loss" in line).length, 310);
    assert.equal(lines.filter((line) => "small.top1" in line).length, 9);
    for (const name of ["recipe.yaml", "result.json", "weights.safetensors", "tokenizer.json"]) {
      assert.ok(Deno.statSync(`${dir}/a/${name}`).isFile, name);
    }
    const rows = await evaluateRun(`${dir}/a`, {
      benches: [],
      device: "cpu",
      dataSet: makeSmallSet(`${dir}/again`),
      signal: new AbortController().signal,
      onProgress: () => {},
    });
    assert.equal(rows.find(({ metric }) => metric === "top1")?.value, top1);
  });
});

Deno.test("runExperiment ends with the same bits when it was stopped in each stage", async () => {
  await withSet(async (dir, run) => {
    await run("whole");
    const expected = weightsOf(`${dir}/whole`);
    for (const [label, samples] of [["short", 480], ["short", 1600], ["full", 320]] as const) {
      const out = `stopped-${label}-${samples}`;
      const controller = new AbortController();
      const stopped = run(out, {
        signal: controller.signal,
        onProgress: (progress) => {
          if (progress.label === label && progress.done === samples) controller.abort();
        },
      });
      await assert.rejects(stopped, { name: "AbortError" });
      await run(out, { resume: true });
      assert.equal(weightsOf(`${dir}/${out}`), expected, out);
      const steps = readMetrics(`${dir}/${out}/metrics.jsonl`)
        .filter((line) => "loss" in line).map(({ stage, step }) => `${stage} ${step}`);
      assert.equal(new Set(steps).size, 70);
      assert.equal(steps.length, 70);
    }
  });
});

Deno.test("runExperiment learns from masked pictures and captions and evaluates whole ones", async () => {
  await withSet(async (_dir, run) => {
    const [short, full] = recipe().stages;
    const image = (strategy: string) => ({ strategy, size: 16, tokens: 4 });
    for (const [strategy, text] of [["random", "random"], ["grid", "block"], ["block", "syntax"]]) {
      const masked = recipe({
        stages: [
          { ...short, samples: 6400, image: image(strategy), text: { strategy: text, tokens: 4 } },
          { ...full, samples: 640, text: { strategy: text, tokens: 6 } },
        ],
      });
      const result = await run(strategy, { recipe: masked });
      const loss = result.stages.map((stage) => stage.loss);
      assert.ok(loss[0] < 0.9 * Math.log(32), `${strategy}: loss ${loss[0]}`);
      assert.equal(result.eval.small.resolution, 16);
      assert.ok(result.eval.small.top1 > 4 / 64, `${strategy}: top-1 ${result.eval.small.top1}`);
    }
  });
});

Deno.test("runExperiment ends with the same bits when it was stopped under masks", async () => {
  await withSet(async (dir, run) => {
    const [short] = recipe().stages;
    const masked = recipe({
      stages: [{
        ...short,
        image: { strategy: "random", size: 16, tokens: 5 },
        text: { strategy: "syntax", tokens: 4, unit: "words" },
      }],
    });
    await run("whole", { recipe: masked });
    const controller = new AbortController();
    const onProgress = (progress: RunProgress) => {
      if (progress.done === 480) controller.abort();
    };
    const stopped = run("stopped", { recipe: masked, signal: controller.signal, onProgress });
    await assert.rejects(stopped, { name: "AbortError" });
    await run("stopped", { recipe: masked, resume: true });
    assert.equal(weightsOf(`${dir}/stopped`), weightsOf(`${dir}/whole`));
  });
});

Deno.test("runExperiment moves a finished run aside and refuses to resume it", async () => {
  await withSet(async (dir, run) => {
    const short = recipe({ stages: [{ ...recipe().stages[0], samples: 64 }] });
    await run("a", { recipe: short });
    await assert.rejects(run("a", { recipe: short, resume: true }), /its run is finished/);
    await assert.rejects(run("b", { recipe: short, resume: true }), /no run there/);
    await run("a", { recipe: short });
    assert.ok(Deno.statSync(`${dir}/a.old-1/result.json`).isFile);
    assert.equal(weightsOf(`${dir}/a`), weightsOf(`${dir}/a.old-1`));
  });
});

Deno.test("runExperiment names folder and reason when the folder cannot be written", async () => {
  await withSet(async (dir, run) => {
    Deno.writeTextFileSync(`${dir}/file`, "");
    await assert.rejects(run("file/run"), /file\/run.*cannot be written|Not a directory/s);
  });
});

Deno.test("runExperiment refuses an unknown benchmark before it trains", async () => {
  await withSet(async (dir, run) => {
    const wrong = recipe({ eval: { benches: ["smal"] } });
    await assert.rejects(run("a", { recipe: wrong }), /unknown benchmark "smal"; allowed: small/);
    assert.throws(() => Deno.statSync(`${dir}/a`), Deno.errors.NotFound);
  });
});
