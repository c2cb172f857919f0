import { sha256 } from "../../src/checkpoint/safetensors.ts";
import { parseRecipe } from "../../src/config/parse_recipe.ts";
import type { Recipe } from "../../src/config/recipe.ts";
import { type RankGroup, SOLO } from "../../src/dist/rank_group.ts";
import { type ExperimentResult, runExperiment } from "../../src/run/run_experiment.ts";
import { makeSmallSet } from "../run/small_set.ts";

/** Two stages, the second in parts, over a set of 384 pairs: the first stage passes an epoch's end. */
export function smallRecipe(changes: Record<string, unknown> = {}): Recipe {
  const stage = { batch: 32, lr: 2e-3, warmup: { share: 0.1 } };
  return parseRecipe({
    name: "trust",
    data: { set: "icons-v1" },
    model: {
      preset: "laptop-w48",
      image: { layers: 1, patch: 4 },
      text: { layers: 1, vocabulary: 400 },
    },
    stages: [
      { ...stage, name: "short", samples: 448, image: { size: 8 }, text: { tokens: 4 } },
      {
        ...stage,
        name: "full",
        samples: 192,
        accumulate: 2,
        image: { size: 16 },
        text: { tokens: 6 },
      },
    ],
    optimizer: { clipNorm: 1, averaging: { kind: "ema", decay: 0.9 } },
    eval: { benches: [] },
    checkpoint: { everySteps: 5, keep: 2 },
    ...changes,
  }, "trust");
}

/** Options of {@linkcode runSmall}. */
export interface SmallRun {
  readonly recipe?: Recipe;
  readonly resume?: boolean;
  /** Ends the run once so many steps, of all stages together, are done; repeated ones count again. */
  readonly stopAfter?: number;
  /** Called after every step with their number so far, counted in the same way. */
  readonly onStep?: (steps: number) => void;
  /** Default alone. */
  readonly group?: RankGroup;
  /** Each rank keeps its share of the optimizer's state. */
  readonly shardOptimizer?: boolean;
}

/** Runs into `dir/out` with the data set in `dir/set`; null when it was stopped. */
export async function runSmall(
  dir: string,
  out: string,
  { recipe = smallRecipe(), resume = false, stopAfter, onStep, group = SOLO, shardOptimizer }:
    SmallRun = {},
): Promise<ExperimentResult | null> {
  const controller = new AbortController();
  let steps = 0;
  try {
    return await runExperiment(recipe, {
      out: `${dir}/${out}`,
      resume,
      device: "cpu",
      dataSet: (await group.share(group.rank === 0 ? makeSmallSet(`${dir}/set`) : null))!,
      group,
      shardOptimizer,
      setupSeconds: 0,
      signal: controller.signal,
      onProgress: () => {
        steps++;
        onStep?.(steps);
        if (steps === stopAfter) controller.abort();
      },
      onNote: () => {},
    });
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    return null;
  }
}

/** SHA-256 of the weights of a finished run. */
export function weightsHash(run: string): string {
  return sha256(Deno.readFileSync(`${run}/weights.safetensors`));
}
