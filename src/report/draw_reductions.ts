import type { ImageBudget, TextBudget } from "../config/stage_recipe.ts";
import { openRecords } from "../data/records/records.ts";
import { chooseRows, reduceCaptions, reducePictures } from "../run/reduction_samples.ts";
import type { CaptionTokenizer } from "../text/caption_tokenizer.ts";
import { reductionSheet } from "./reduction_sheet.ts";

/** Side of the whole picture and of a patch, in pixels: 36 patches. */
const SIZE = 48;
const PATCH = 8;

/** All four strategies at a quarter of the patches, the grid with its options, beside the whole. */
const IMAGES: readonly [label: string, budget: ImageBudget][] = [
  ["36 patches", { strategy: "resize", size: SIZE, tokens: 36 }],
  ["resize to 9", { strategy: "resize", size: SIZE / 2, tokens: 9 }],
  ["random 9", { strategy: "random", size: SIZE, tokens: 9 }],
  ["grid 9", { strategy: "grid", size: SIZE, tokens: 9 }],
  ["grid 9, jitter", { strategy: "grid", size: SIZE, tokens: 9, jitter: "window" }],
  ["block 9", { strategy: "block", size: SIZE, tokens: 9 }],
  ["block 7", { strategy: "block", size: SIZE, tokens: 7 }],
];

const TEXTS: readonly [label: string, budget: TextBudget][] = [
  ["truncation", { strategy: "truncation", tokens: 7 }],
  ["random", { strategy: "random", tokens: 7 }],
  ["block", { strategy: "block", tokens: 7 }],
  ["syntax", { strategy: "syntax", tokens: 7 }],
];

/** Longer captions would make the page too wide. */
const LONGEST_CAPTION = 96;

/**
 * The page of all reductions on samples of a record file: 9 of 36 patches, 6 tokens of a caption.
 *
 * @param path Record file, such as the training split of the icon data set.
 * @returns SVG.
 */
export function drawReductions(path: string, tokenizer: CaptionTokenizer): string {
  const records = openRecords(path);
  const rows = chooseRows(records, 6);
  const captions = chooseRows(records, 400).flatMap((row) =>
    records.captions(row).filter(({ level }) => level === 2 || level === 4).map(({ text }) => text)
  ).filter((text) => text.length > 50 && text.length <= LONGEST_CAPTION);
  return reductionSheet({
    title: "Eight token reductions on pictures and captions of the data set",
    imageLabels: IMAGES.map(([label]) => label),
    pictures: reducePictures(path, rows, IMAGES.map(([, budget]) => budget), PATCH),
    textLabels: TEXTS.map(([label]) => label),
    captions: reduceCaptions(captions.slice(0, 5), TEXTS.map(([, budget]) => budget), tokenizer),
  });
}
