import { CaptionTokens } from "../data/loader/caption_tokens.ts";
import { SampleOrder } from "../data/loader/sample_order.ts";
import type { DataSet } from "./shard_data_set.ts";
import { openRecords, type Records } from "../data/records/records.ts";
import type { Recipe } from "../config/recipe.ts";
import type { CaptionTokenizer } from "../text/caption_tokenizer.ts";
import { openNamedTokenizer } from "../text/named_tokenizer.ts";
import { tagWords } from "../text/pos_tagger.ts";
import { tokenMarks } from "../text/token_marks.ts";
import { initialTokenizer } from "./initial_weights.ts";
import { Tokenizer } from "../text/tokenizer.ts";
import { loadTokenizer, saveTokenizer } from "../text/tokenizer_file.ts";
import { trainBpe } from "../text/train_bpe.ts";

/** The training side of a data set, opened: pictures, captions as tokens, order. */
export interface TrainingData {
  readonly records: Records;
  readonly tokenizer: CaptionTokenizer;
  readonly captions: CaptionTokens;
  readonly order: SampleOrder;
}

/**
 * Opens the training split and its tokenizer. The tokenizer of a data set is trained on the captions at
 * the first use and kept beside it.
 */
export function openTrainingData(set: DataSet, recipe: Recipe): TrainingData {
  const records = openRecords(set.train);
  const tokenizer = openTokenizer(set, recipe, records);
  const { balance, familyCap } = recipe.data;
  const order = new SampleOrder(records, { seed: recipe.seed, balance, familyCap });
  const captions = new CaptionTokens(records, tokenizer, {
    marksOf: captionMarks(recipe, tokenizer),
    shuffleLists: recipe.data.shuffleLists,
  });
  return { records, tokenizer, captions, order };
}

/** Where a tokenizer trained on the data set's captions is kept; null when the recipe uses another. */
export function trainedTokenizer({ dir }: Pick<DataSet, "dir">, recipe: Recipe): string | null {
  const { flavour, text } = recipe.model;
  if ((recipe.data.tokenizer ?? "icons") !== "icons" || initialTokenizer(recipe) !== null) {
    return null;
  }
  return `${dir}/tokenizer-${flavour}-${text.vocabulary}.json`;
}

/** Weights go with the tokenizer that they were trained with; a recipe that names another is wrong. */
function checkKind(tokenizer: CaptionTokenizer, { data, model }: Recipe): CaptionTokenizer {
  if (data.tokenizer === undefined || data.tokenizer === tokenizer.kind) return tokenizer;
  throw new RangeError(
    `data.tokenizer: seen ${data.tokenizer}; the weights of ${model.init} were trained with ` +
      `${tokenizer.kind}; leave it out`,
  );
}

/** Marks for syntax masks, where a stage has one. */
export function captionMarks(
  recipe: Recipe,
  tokenizer: CaptionTokenizer,
): ((text: string) => Uint8Array) | undefined {
  const stage = recipe.stages.find(({ text }) => text.strategy === "syntax");
  return stage && tokenMarks(tokenizer, stage.text.tags ?? "sentence", tagWords);
}

/**
 * The tokenizer that the recipe names: of a released model, or one for the data set, with the recipe's
 * vocabulary and flavour.
 */
export function openTokenizer(
  set: Pick<DataSet, "dir">,
  recipe: Recipe,
  records: Pick<Records, "textCount" | "text">,
): CaptionTokenizer {
  const { flavour, text } = recipe.model;
  const { tokenizer: kind = "icons" } = recipe.data;
  const own = initialTokenizer(recipe);
  if (own !== null) return checkKind(loadTokenizer(own), recipe);
  if (kind !== "icons") return openNamedTokenizer(kind, flavour);
  const path = trainedTokenizer(set, recipe)!;
  try {
    return loadTokenizer(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const texts = function* () {
    for (let i = 0; i < records.textCount; i++) yield records.text(i);
  };
  const vocabulary = Math.min(65_536, text.vocabulary);
  const tokenizer = new Tokenizer(trainBpe(texts(), { vocabulary }), flavour);
  saveTokenizer(path, tokenizer);
  return tokenizer;
}
