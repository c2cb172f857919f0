import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Recipe, StreamRecipe } from "../config/recipe.ts";
import { listShards } from "../data/shards/list_shards.ts";
import type { OpenShard } from "../data/shards/shard_file.ts";
import { checkShards } from "../data/stream/check_shards.ts";
import { openShard } from "../data/stream/open_shard.ts";
import { ShardSet } from "../data/stream/shard_set.ts";
import { walkShards } from "../data/stream/walk_shards.ts";
import type { CaptionTokenizer } from "../text/caption_tokenizer.ts";
import type { DataSet } from "./shard_data_set.ts";
import { captionMarks, openTokenizer, trainedTokenizer } from "./training_data.ts";

/** Shards that are trained on without being baked. */
export interface StreamData {
  readonly tokenizer: CaptionTokenizer;
  readonly shards: readonly string[];
  readonly stream: StreamRecipe;
  readonly open: OpenShard;
  /** Folder where ranks leave each other indexes of the shards. */
  readonly indexDir: string;
  /** Marks of a caption's ids, where a stage asks for them. */
  readonly marksOf?: (text: string) => Uint8Array;
}

/** Samples whose captions a tokenizer of the data's own is trained on. */
const TOKENIZER_SAMPLES = 20_000;

/** The data set of a recipe with `data.stream`: nothing but a folder of the cache for its tokenizer. */
export function streamDataSet(recipe: Recipe, cacheDir: string): DataSet {
  const { shards, stream } = recipe.data;
  const hash = createHash("sha256").update(JSON.stringify([1, shards, stream])).digest("hex");
  const dir = join(cacheDir, `stream-${hash.slice(0, 10)}`);
  return { dir, train: "", val: "", test: "", benches: {} };
}

/**
 * Opens shards to be read as a stream. A tokenizer of the data's own is trained on the captions of the
 * first samples, at the first use, and kept in the cache.
 *
 * @throws {RangeError} when no shard fits `data.shards`.
 * @throws {SyntaxError} when a shard is missing or damaged.
 */
export async function openStreamData(
  set: Pick<DataSet, "dir">,
  recipe: Recipe,
): Promise<StreamData> {
  const shards = listShards(recipe.data.shards!, "data.shards");
  const stream = recipe.data.stream!;
  const open = openShard;
  await checkShards(shards, open);
  const path = trainedTokenizer(set, recipe);
  let texts: string[] = [];
  if (path !== null && !existsSync(path)) {
    texts = await firstCaptions(shards, stream, open);
    Deno.mkdirSync(set.dir, { recursive: true });
  }
  const tokenizer = openTokenizer(set, recipe, {
    textCount: texts.length,
    text: (id) => texts[id],
  });
  const indexDir = join(set.dir, "index");
  return { tokenizer, shards, stream, open, indexDir, marksOf: captionMarks(recipe, tokenizer) };
}

/** Every caption of the first samples, in a mixed order of shards. */
async function firstCaptions(
  names: readonly string[],
  demands: StreamRecipe,
  open: OpenShard,
): Promise<string[]> {
  const texts = new Set<string>();
  const start = { epoch: 0, position: 0, at: 0, taken: 0 };
  const options = { shards: new ShardSet(names, open), demands, seed: 0, epoch: null };
  for await (const { sample, next } of walkShards(options, start)) {
    if (next.epoch > 0) break;
    for (const text of sample.captions.flat()) texts.add(text);
    if (next.taken >= TOKENIZER_SAMPLES) break;
  }
  return [...texts];
}
