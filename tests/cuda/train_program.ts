/**
 * Trains and evaluates a tiny recipe on a device, and prints what it found as JSON. A program of its
 * own, because a process loads one native library: `train_program.ts DEVICE FOLDER`.
 *
 * @module
 */
import { parseRecipe } from "../../src/config/parse_recipe.ts";
import { runExperiment } from "../../src/run/run_experiment.ts";
import { readMetrics } from "../../src/train/metrics_log.ts";
import { makeSmallSet } from "../run/small_set.ts";

if (import.meta.main) {
  const [device, dir] = Deno.args;
  const stage = { batch: 16, lr: 2e-3, warmup: { share: 0.1 } };
  const recipe = parseRecipe({
    name: "test",
    data: { set: "icons-v1", captions: { l1: 2, l2: 1 }, balance: "phrase-family" },
    model: {
      preset: "laptop-w48",
      image: { layers: 1, patch: 4 },
      text: { layers: 1, vocabulary: 400 },
    },
    stages: [
      { ...stage, name: "short", samples: 64, image: { size: 8 }, text: { tokens: 4 } },
      {
        ...stage,
        name: "masked",
        samples: 64,
        image: { size: 16, strategy: "random", tokens: 5 },
        text: { tokens: 6 },
        accumulate: 2,
      },
    ],
    optimizer: { clipNorm: 1, averaging: { kind: "ema", decay: 0.9 } },
    eval: { benches: ["small"] },
    checkpoint: { everySteps: 2, keep: 2 },
  }, "test");
  const result = await runExperiment(recipe, {
    out: `${dir}/run`,
    resume: false,
    device,
    dataSet: makeSmallSet(`${dir}/set`),
    setupSeconds: 0,
    signal: new AbortController().signal,
    onProgress: () => {},
    onNote: () => {},
  });
  const metrics = readMetrics(`${dir}/run/metrics.jsonl`);
  const losses = metrics.map(({ loss }) => loss), norms = metrics.map((line) => line.gradientNorm);
  console.log(JSON.stringify({ losses, norms, top1: result.eval.small.top1 }));
}
