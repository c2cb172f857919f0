import type { Recipe } from "../config/recipe.ts";
import { type LoadedBatch, PairLoader } from "../data/loader/pair_loader.ts";
import type { LoaderCursor } from "../data/loader/sample_order.ts";
import type { StreamCursor } from "../data/stream/sample_stream.ts";
import { StreamLoader } from "../data/stream/stream_loader.ts";
import type { NativeContext } from "../native/context.ts";
import { planImage } from "../tokens/image_reduction.ts";
import { planText } from "../tokens/text_reduction.ts";
import type { StreamData } from "./stream_data.ts";
import type { TrainingData } from "./training_data.ts";

/** Gives batches, one after the other. To be disposed by `await using`: one of a stream takes time to end. */
export interface BatchLoader extends Disposable, Partial<AsyncDisposable> {
  next(): Promise<LoadedBatch>;
}

/** Where a loader goes on: that of records or that of a stream. */
export type DataCursor = LoaderCursor | StreamCursor;

/**
 * The loader of one stage of a recipe.
 *
 * @param stage Index of the stage.
 * @param cursor Where to go on; default the start.
 * @param share Which part of every batch is prepared; default all.
 */
export function stageLoader(
  context: NativeContext,
  recipe: Recipe,
  stage: number,
  data: TrainingData | StreamData,
  cursor: DataCursor | undefined,
  share?: { readonly rank: number; readonly size: number },
): BatchLoader {
  const { batch, image, text, augment } = recipe.stages[stage];
  const { captions, decode } = recipe.data;
  const { tokens, mask } = planImage(image, recipe.model.image.patch);
  // Stages draw their own crops, masks and captions.
  const seed = (recipe.seed + 0x9e3779b9 * stage) >>> 0;
  if ("stream" in data) {
    return new StreamLoader(context, {
      shards: data.shards,
      open: data.open,
      stream: data.stream,
      indexDir: data.indexDir,
      coder: data.tokenizer,
      marksOf: data.marksOf,
      batch,
      share,
      size: image.size,
      filter: recipe.model.image.filter,
      textTokens: text.tokens,
      shorten: planText(text),
      mask: mask === null ? undefined : { tokens, keep: mask },
      augment,
      decode,
      seed,
      cursor: cursor as StreamCursor | undefined,
      workers: Number(Deno.env.get("CLIPA_WORKERS") || 0) || undefined,
    });
  }
  return new PairLoader(context, {
    records: data.records,
    captions: data.captions,
    order: data.order,
    batch,
    share,
    imageSize: image.size,
    filter: recipe.model.image.filter,
    textTokens: text.tokens,
    captionWeights: [captions.l1, captions.l2, captions.l3, captions.l4, captions.l5],
    shorten: planText(text),
    mask: mask === null ? undefined : { tokens, keep: mask },
    augment,
    seed,
    cursor: cursor as LoaderCursor | undefined,
  });
}
