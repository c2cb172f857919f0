import { mix32 } from "../data/loader/permutation.ts";
import { corruptPicture } from "../data/images/corrupt_picture.ts";
import { encodePng } from "../data/icons/png.ts";
import type { DataSet } from "./shard_data_set.ts";
import { classEmbeddings } from "../eval/class_embeddings.ts";
import { fillTemplate } from "../eval/fill_template.ts";
import { ICON_TEMPLATES } from "../eval/icon_templates.ts";
import { Embedder } from "../model/embedder.ts";
import { NativeContext } from "../native/context.ts";
import { encodeTexts } from "../text/encode_texts.ts";
import { benchPictures, openBench } from "./open_bench.ts";
import { openRun } from "./open_run.ts";
import { recordPicture } from "./record_picture.ts";

/** A picture and what a model called it. */
export interface Prediction {
  /** PNG bytes. */
  readonly png: Uint8Array;
  /** Designer family. */
  readonly family: string;
  readonly truth: string;
  readonly guess: string;
}

/**
 * Zero-shot guesses of a run for some pictures of a classification benchmark, chosen by hash, so that
 * the choice does not depend on the model.
 */
export async function predictIcons(
  dir: string,
  set: DataSet,
  benchName: string,
  count: number,
): Promise<Prediction[]> {
  const { bench, records, corruption } = await openBench(set, benchName);
  if (bench.kind !== "classification") {
    throw new RangeError(`"${benchName}" is not a zero-shot benchmark of the data set`);
  }
  using context = new NativeContext();
  using run = openRun(dir, context);
  const { model, tokenizer, weights } = run;
  const { spec, imageSize, textTokens } = model.shape;
  using embedder = new Embedder(model, 64, weights);
  const { templates = ICON_TEMPLATES } = bench;
  const prompts = bench.classes.flatMap((name) =>
    templates.map((template) => fillTemplate(template, name))
  );
  const { ids } = encodeTexts(tokenizer, prompts, textTokens);
  const texts = await embedder.texts(ids);
  const classes = classEmbeddings(texts, templates.length, spec.embed);
  const chosen = bench.rows
    .map((row, i) => ({ row, label: bench.labels[i], order: mix32(row) }))
    .sort((a, b) => a.order - b.order)
    .slice(0, count);
  const rows = chosen.map(({ row }) => row);
  const images = await embedder.images(
    await benchPictures(records, rows, imageSize, spec.image.filter, corruption),
  );
  const shown = await Promise.all(chosen.map(({ row }) => {
    const picture = recordPicture(records, row);
    return corruption === null ? picture : corruptPicture(picture, corruption, row);
  }));
  return chosen.map(({ row, label }, i) => {
    const feature = images.subarray(i * spec.embed, (i + 1) * spec.embed);
    const { pixels, width, channels } = shown[i];
    return {
      png: encodePng(pixels, width, channels),
      family: records.families[records.family[row]],
      truth: bench.classes[label],
      guess: bench.classes[nearest(feature, classes)],
    };
  });
}

function nearest(feature: Float32Array, classes: Float32Array): number {
  const width = feature.length;
  let best = 0, bestScore = -Infinity;
  for (let c = 0; c < classes.length / width; c++) {
    let score = 0;
    for (let i = 0; i < width; i++) score += feature[i] * classes[c * width + i];
    if (score > bestScore) [best, bestScore] = [c, score];
  }
  return best;
}
