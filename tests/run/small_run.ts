import { parseRecipe } from "../../src/config/parse_recipe.ts";
import { runExperiment } from "../../src/run/run_experiment.ts";
import type { DataSet } from "../../src/run/shard_data_set.ts";

/** Trains a model of one layer for a few steps on the small set: enough to embed with. */
export async function makeSmallRun(dir: string, dataSet: DataSet): Promise<void> {
  const stage = { batch: 32, accumulate: 1, lr: 2e-3, warmup: { share: 0.1 } };
  const recipe = parseRecipe({
    name: "small",
    data: { set: "icons-v1" },
    model: {
      preset: "laptop-w48",
      image: { layers: 1, patch: 4 },
      text: { layers: 1, vocabulary: 400 },
    },
    stages: [{ name: "only", samples: 640, image: { size: 16 }, text: { tokens: 6 }, ...stage }],
    eval: { benches: [] },
  }, "small");
  await runExperiment(recipe, {
    out: dir,
    resume: false,
    device: "cpu",
    dataSet,
    setupSeconds: 0,
    signal: new AbortController().signal,
    onProgress: () => {},
  });
}
