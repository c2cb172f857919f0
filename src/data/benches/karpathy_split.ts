import type { BenchSource } from "./bench_source.ts";
import { asRecord, captionSource, fileName, placeOf } from "./caption_entry.ts";
import type { BenchFile } from "./file_source.ts";

const FORM =
  '{"images": [{"split": "test", "filename": "a.jpg", "sentences": [{"raw": "A boat."}]}]}, ' +
  "as in Karpathy's dataset_coco.json and dataset_flickr30k.json";

/**
 * Pictures and captions of a split of Karpathy's JSON files. A picture lies in the folder itself or in
 * the sub-folder that the entry names (`val2014` of COCO); one that is nowhere is counted when its turn
 * comes.
 *
 * @param dir Folder of the pictures.
 * @param path The JSON file, for errors.
 * @param images Its entries.
 * @throws {SyntaxError} when the file has another form, a picture without caption or a split without
 * pictures; says where.
 */
export function karpathySplit(
  dir: string,
  path: string,
  split: string,
  images: readonly unknown[],
): BenchSource<string[]> {
  const files: BenchFile<string[]>[] = [];
  const splits = new Set<string>();
  images.forEach((image, i) => {
    const at = `${path}: images[${i}]`;
    const { split: own, filename, filepath, sentences } = asRecord(image, at, FORM);
    splits.add(String(own));
    if (own !== split) return;
    const key = fileName(filename, `${at}.filename`);
    const folder = filepath === undefined ? null : fileName(filepath, `${at}.filepath`);
    files.push({
      key,
      path: placeOf(dir, folder, key),
      part: captions(sentences, `${at}.sentences`),
    });
  });
  if (files.length > 0) return captionSource(dir, files);
  throw new SyntaxError(
    `${path}: no picture of split "${split}"; allowed: ${[...splits].sort().join(", ")}`,
  );
}

function captions(sentences: unknown, at: string): string[] {
  const list = Array.isArray(sentences) ? sentences : [];
  const texts = list.map((sentence, i) => {
    const { raw } = asRecord(sentence, `${at}[${i}]`, FORM);
    if (typeof raw === "string" && raw.trim() !== "") return raw.trim();
    throw new SyntaxError(`${at}[${i}].raw: seen ${JSON.stringify(raw)}; allowed: ${FORM}`);
  });
  if (texts.length > 0) return texts;
  throw new SyntaxError(`${at}: no caption; allowed: ${FORM}`);
}
