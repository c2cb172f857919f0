import type { BenchSource } from "./bench_source.ts";
import { captionTable } from "./caption_table.ts";
import { cocoCaptions } from "./coco_captions.ts";
import { karpathySplit } from "./karpathy_split.ts";

const FORMS = 'Karpathy\'s {"images": [{"split", "filename", "sentences"}]}, COCO\'s ' +
  '{"images": [{"id", "file_name"}], "annotations": [{"image_id", "caption"}]}, or a .txt with a ' +
  "picture's name, a comma and a caption on each line";

/**
 * Pictures of a folder with the captions of a file: Karpathy's `dataset_coco.json` and
 * `dataset_flickr30k.json`, of which one split is taken; COCO's annotations; or the tables of
 * CLIP_benchmark. A picture that is not in the folder is counted when its turn comes.
 *
 * @param dir Folder of the pictures.
 * @param split Of Karpathy's files.
 * @throws {SyntaxError} when the file has another form; says where.
 *
 * @example
 * ```ts ignore
 * const source = captionFile("coco", "dataset_coco.json", "test");
 * for (const part of source.parts) console.log(part.name, await part.count());
 * ```
 */
export function captionFile(dir: string, path: string, split: string): BenchSource<string[]> {
  if (path.endsWith(".txt")) return captionTable(dir, path);
  let value: unknown;
  try {
    value = JSON.parse(Deno.readTextFileSync(path));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new SyntaxError(`${path}: no JSON (${cause.message}); allowed: ${FORMS}`, { cause });
  }
  const { images, annotations } = (value ?? {}) as { images?: unknown; annotations?: unknown };
  if (!Array.isArray(images)) {
    throw new SyntaxError(`${path}: no list of images; allowed: ${FORMS}`);
  }
  return Array.isArray(annotations)
    ? cocoCaptions(dir, path, images, annotations)
    : karpathySplit(dir, path, split, images);
}
