import type { Recipe } from "../config/recipe.ts";
import { PairLoader } from "../data/loader/pair_loader.ts";
import type { LoaderCursor } from "../data/loader/sample_order.ts";
import type { NativeContext } from "../native/context.ts";
import { planImage } from "../tokens/image_reduction.ts";
import { planText } from "../tokens/text_reduction.ts";
import type { TrainingData } from "./training_data.ts";

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
  data: TrainingData,
  cursor: LoaderCursor | undefined,
  share?: { readonly rank: number; readonly size: number },
): PairLoader {
  const { batch, image, text, augment } = recipe.stages[stage];
  const { captions } = recipe.data;
  const { tokens, mask } = planImage(image, recipe.model.image.patch);
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
    // Stages draw their own crops, masks and captions.
    seed: (recipe.seed + 0x9e3779b9 * stage) >>> 0,
    cursor,
  });
}
