import { parseRecipe } from "../../src/config/parse_recipe.ts";
import { runExperiment } from "../../src/run/run_experiment.ts";
import { makeSmallSet } from "../run/small_set.ts";

/** Trains a model for a second or two; returns the folder of its run. */
export async function trainSmallRun(
  dir: string,
  options: { stopAfter?: number; flavour?: "jax" | "torch" } = {},
): Promise<string> {
  const { stopAfter = Infinity, flavour = "jax" } = options;
  const recipe = parseRecipe({
    name: "small",
    data: { set: "icons-v1", captions: { l1: 1 }, balance: "none" },
    model: {
      preset: "laptop-w48",
      flavour,
      image: { layers: 1, patch: 4 },
      text: { layers: 1, vocabulary: 400 },
    },
    stages: [{
      name: "full",
      samples: 640,
      batch: 32,
      image: { size: 16 },
      text: { tokens: 6 },
      lr: 2e-3,
      warmup: { share: 0.1 },
    }],
    optimizer: { averaging: { kind: "ema", decay: 0.9 } },
    eval: { benches: ["small"] },
    checkpoint: { everySteps: 5, keep: 2 },
  }, "test");
  const stop = new AbortController();
  const out = `${dir}/run`;
  try {
    await runExperiment(recipe, {
      out,
      resume: false,
      device: "cpu",
      dataSet: makeSmallSet(`${dir}/set`),
      setupSeconds: 0,
      signal: stop.signal,
      onProgress: ({ label, done }) => {
        if (label === "full" && done >= stopAfter) stop.abort();
      },
    });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
  return out;
}
