import type { BenchSource } from "./bench_source.ts";
import { type BenchFile, fileSource } from "./file_source.ts";

const FORM =
  '{"images": [{"split": "test", "filename": "a.jpg", "sentences": [{"raw": "A boat."}]}]}, ' +
  "as in Karpathy's dataset_coco.json and dataset_flickr30k.json";

/** Pictures whose captions are finished together. */
const GROUP = 500;

/**
 * Pictures and captions of a split of Karpathy's JSON files. A picture lies in the folder itself or in
 * the sub-folder that the entry names (`val2014` of COCO); one that is nowhere is counted when its turn
 * comes.
 *
 * @param dir Folder of the pictures.
 * @param path The JSON file.
 * @throws {SyntaxError} when the file has another form, a picture without caption or a split without
 * pictures; says where.
 */
export function karpathySplit(dir: string, path: string, split: string): BenchSource<string[]> {
  const images = readImages(path);
  const files: BenchFile<string[]>[] = [];
  const splits = new Set<string>();
  images.forEach((image, i) => {
    const at = `${path}: images[${i}]`;
    const { split: own, filename, filepath, sentences } = asRecord(image, at);
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
  if (files.length > 0) return fileSource(dir, files, GROUP);
  throw new SyntaxError(
    `${path}: no picture of split "${split}"; allowed: ${[...splits].sort().join(", ")}`,
  );
}

function readImages(path: string): unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(Deno.readTextFileSync(path));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new SyntaxError(`${path}: no JSON (${cause.message}); allowed: ${FORM}`, { cause });
  }
  const images = typeof value === "object" && value !== null && "images" in value
    ? value.images
    : undefined;
  if (Array.isArray(images)) return images;
  throw new SyntaxError(`${path}: no list of images; allowed: ${FORM}`);
}

function captions(sentences: unknown, at: string): string[] {
  const list = Array.isArray(sentences) ? sentences : [];
  const texts = list.map((sentence, i) => {
    const { raw } = asRecord(sentence, `${at}[${i}]`);
    if (typeof raw === "string" && raw.trim() !== "") return raw.trim();
    throw new SyntaxError(`${at}[${i}].raw: seen ${JSON.stringify(raw)}; allowed: ${FORM}`);
  });
  if (texts.length > 0) return texts;
  throw new SyntaxError(`${at}: no caption; allowed: ${FORM}`);
}

function asRecord(value: unknown, at: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  throw new SyntaxError(`${at}: seen ${JSON.stringify(value)}; allowed: ${FORM}`);
}

/** A name from a file never leads out of the pictures' folder. */
function fileName(value: unknown, at: string): string {
  if (typeof value === "string" && /^[^/\\\0]+$/.test(value) && value !== "." && value !== "..") {
    return value;
  }
  throw new SyntaxError(`${at}: seen ${JSON.stringify(value)}; allowed: the name of one file`);
}

function placeOf(dir: string, folder: string | null, name: string): string {
  if (folder === null) return `${dir}/${name}`;
  const nested = `${dir}/${folder}/${name}`;
  try {
    Deno.statSync(nested);
    return nested;
  } catch {
    return `${dir}/${name}`;
  }
}
