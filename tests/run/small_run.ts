import { parseRecipe } from "../../src/config/parse_recipe.ts";
import { runExperiment } from "../../src/run/run_experiment.ts";
import type { DataSet } from "../../src/run/shard_data_set.ts";

/** What a test may want otherwise. */
export interface SmallRunOptions {
  readonly flavour?: "jax" | "torch";
  /** Parts of the recipe. */
  readonly recipe?: Readonly<Record<string, unknown>>;
  /** Stops the run, as Ctrl-C does, after so many pairs; default never. */
  readonly stopAfter?: number;
}

/** Trains a model of one layer for a second or two on the small set: enough to embed with. */
export async function makeSmallRun(
  dir: string,
  dataSet: DataSet,
  { flavour = "jax", recipe: more = {}, stopAfter = Infinity }: SmallRunOptions = {},
): Promise<void> {
  const recipe = parseRecipe({
    name: "small",
    data: { set: "icons-v1" },
    model: {
      preset: "laptop-w48",
      flavour,
      image: { layers: 1, patch: 4 },
      text: { layers: 1, vocabulary: 400 },
    },
    stages: [{
      name: "only",
      samples: 640,
      batch: 32,
      image: { size: 16 },
      text: { tokens: 6 },
      lr: 2e-3,
      warmup: { share: 0.1 },
    }],
    eval: { benches: [] },
    ...more,
  }, "small");
  const stop = new AbortController();
  try {
    await runExperiment(recipe, {
      out: dir,
      resume: false,
      device: "cpu",
      dataSet,
      setupSeconds: 0,
      signal: stop.signal,
      onProgress: ({ label, done }) => {
        if (label === "only" && done >= stopAfter) stop.abort();
      },
    });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
}
