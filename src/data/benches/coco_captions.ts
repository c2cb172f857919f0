import type { BenchSource } from "./bench_source.ts";
import { asRecord, captionSource, fileName } from "./caption_entry.ts";

const FORM = '{"images": [{"id": 1, "file_name": "a.jpg"}], ' +
  '"annotations": [{"image_id": 1, "caption": "A boat."}]}, as in COCO\'s captions_val2014.json';

/**
 * Pictures and captions of COCO's own annotations, or of CLIP_benchmark's `coco_test_karpathy.json`, in the
 * order of the pictures' ids. Such a file has one split.
 *
 * @param path The JSON file, for errors.
 * @throws {SyntaxError} when an entry has another form, or a picture no caption.
 */
export function cocoCaptions(
  dir: string,
  path: string,
  images: readonly unknown[],
  annotations: readonly unknown[],
): BenchSource<string[]> {
  const byId = new Map<unknown, { key: string; captions: string[] }>();
  images.forEach((image, i) => {
    const { id, file_name } = asRecord(image, `${path}: images[${i}]`, FORM);
    if (typeof id !== "number" || byId.has(id)) {
      throw new SyntaxError(
        `${path}: images[${i}].id: seen ${
          JSON.stringify(id)
        }; allowed: numbers, each once; ${FORM}`,
      );
    }
    const key = fileName(file_name, `${path}: images[${i}].file_name`);
    byId.set(id, { key, captions: [] });
  });
  annotations.forEach((annotation, i) => {
    const at = `${path}: annotations[${i}]`;
    const { image_id, caption } = asRecord(annotation, at, FORM);
    const image = byId.get(image_id);
    if (image === undefined) {
      throw new SyntaxError(`${at}.image_id: seen ${JSON.stringify(image_id)}, an id of no image`);
    }
    if (typeof caption !== "string" || caption.trim() === "") {
      throw new SyntaxError(`${at}.caption: seen ${JSON.stringify(caption)}; allowed: ${FORM}`);
    }
    image.captions.push(caption.trim());
  });
  const sorted = [...byId].sort(([a], [b]) => Number(a) - Number(b));
  const files = sorted.map(([id, { key, captions }]) => {
    if (captions.length > 0) return { key, path: `${dir}/${key}`, part: captions };
    throw new SyntaxError(`${path}: image ${id} (${key}) has no caption; allowed: ${FORM}`);
  });
  if (files.length === 0) throw new SyntaxError(`${path}: no image; allowed: ${FORM}`);
  return captionSource(dir, files);
}
