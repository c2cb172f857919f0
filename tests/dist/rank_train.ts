import { parseRecipe } from "../../src/config/parse_recipe.ts";
import type { RankGroup } from "../../src/dist/rank_group.ts";
import { runExperiment } from "../../src/run/run_experiment.ts";
import { streamDataSet } from "../../src/run/stream_data.ts";
import { makeSmallSet } from "../run/small_set.ts";

/** What a short run is asked to do. */
export interface SmallTraining {
  readonly folder: string;
  /** Ends with an error after so many steps. */
  readonly breakAt?: number;
  readonly resume?: boolean;
  readonly batch?: number;
  readonly accumulate?: number;
  /** Each rank keeps its share of the optimizer's state. */
  readonly shard?: boolean;
  /** Saves a checkpoint every so many steps. */
  readonly everySteps?: number;
  /** Rank that trains with another seed. */
  readonly otherSeedOn?: number;
  /** After so many steps the user stops rank `stopOn`. */
  readonly stopAt?: number;
  readonly stopOn?: number;
  /** Reads these shards as a stream instead of the small set. */
  readonly shards?: string;
}

/** Trains a model of one layer on the small set, in two stages, alone or as one of several ranks. */
export async function trainSmall(
  group: RankGroup,
  request: SmallTraining,
  controller = new AbortController(),
) {
  const { folder, breakAt, resume = false, batch = 32, accumulate = 1, otherSeedOn, shards } =
    request;
  const stage = { batch, accumulate, lr: 2e-3, warmup: { share: 0.1 } };
  const recipe = parseRecipe({
    name: "small",
    seed: otherSeedOn === group.rank ? 99 : 3,
    data: shards === undefined
      ? { set: "icons-v1" }
      : { shards, stream: { buffer: 60, maxBroken: 0.5 } },
    model: {
      preset: "laptop-w48",
      image: { layers: 1, patch: 4 },
      text: { layers: 1, vocabulary: 400 },
    },
    stages: [
      { name: "few", samples: 640, image: { size: 8 }, text: { tokens: 6 }, ...stage },
      { name: "full", samples: 320, image: { size: 16 }, text: { tokens: 6 }, ...stage },
    ],
    ...(request.everySteps ? { checkpoint: { everySteps: request.everySteps, keep: 2 } } : {}),
    eval: { benches: shards === undefined ? ["small"] : [] },
  }, "small");
  const make = () =>
    shards === undefined ? makeSmallSet(`${folder}/set`) : streamDataSet(recipe, `${folder}/cache`);
  const dataSet = await group.share(group.rank === 0 ? make() : null);
  let steps = 0;
  return await runExperiment(recipe, {
    out: `${folder}/run`,
    resume,
    device: "cpu",
    dataSet: dataSet!,
    group,
    shardOptimizer: request.shard,
    setupSeconds: 0,
    signal: controller.signal,
    onProgress: () => {
      if (++steps === request.stopAt && group.rank === request.stopOn) controller.abort();
      if (steps === breakAt) throw new Error(`broken after ${breakAt} steps`);
    },
  });
}
