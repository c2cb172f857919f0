import type { Recipe } from "../config/recipe.ts";
import { shardRecords } from "../data/bake/shard_records.ts";
import type { IconSet } from "../data/icons/icon_set.ts";
import { streamDataSet } from "./stream_data.ts";

/** What a run needs of a data set: a training split; benchmarks with their splits where it has any. */
export type DataSet = Pick<IconSet, "dir" | "train" | "val" | "test" | "benches">;

/**
 * The data set of a recipe that names webdataset shards: baked once into small records, then found
 * in the cache, or read as a stream where the recipe says so. It has no benchmarks, so the recipe must not ask for any.
 *
 * Pictures are stored a third larger than the largest stage needs, so that crops keep their detail.
 */
export async function shardDataSet(
  recipe: Recipe,
  options: {
    readonly cacheDir: string;
    readonly signal: AbortSignal;
    readonly onSamples: (samples: number) => void;
  },
): Promise<DataSet> {
  const { shards } = recipe.data;
  if (shards === null) throw new RangeError("data.shards: seen null; give a path or a glob");
  if (recipe.eval.benches.length + recipe.eval.retrieval.length > 0) {
    throw new RangeError(
      "eval.benches and eval.retrieval: your own shards have no benchmarks; allowed: empty lists, " +
        "--set eval.benches=[] --set eval.retrieval=[]",
    );
  }
  if (recipe.data.stream) return streamDataSet(recipe, options.cacheDir);
  const largest = Math.max(...recipe.stages.map((stage) => stage.image.size));
  const { dir, path } = await shardRecords({
    shards,
    cacheDir: options.cacheDir,
    side: Math.ceil(largest / 6) * 8,
    filter: recipe.model.image.filter,
    fit: "squash",
    decode: recipe.data.decode,
    signal: options.signal,
    onProgress: ({ samples }) => options.onSamples(samples),
  });
  return { dir, train: path, val: path, test: path, benches: {} };
}
