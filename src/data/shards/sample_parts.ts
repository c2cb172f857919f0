import type { ShardSample } from "./read_tar.ts";

/** What pictures of a sample are called, behind its key. */
export const IMAGE_EXTENSIONS: readonly string[] = ["png", "jpg", "jpeg", "webp"];

/**
 * Bytes of a sample's picture.
 *
 * @throws {SyntaxError} when there is none.
 */
export function pictureOf({ files }: ShardSample): Uint8Array {
  const extension = IMAGE_EXTENSIONS.find((name) => files.has(name));
  if (extension !== undefined) return files.get(extension)!;
  throw new SyntaxError(
    `no picture: seen ${[...files.keys()].join(", ")}; allowed ${IMAGE_EXTENSIONS.join(", ")}`,
  );
}

/**
 * Caption of a sample, white space and control characters as single blanks.
 *
 * @throws {SyntaxError} when `key.txt` is missing, empty or not UTF-8.
 */
export function captionOf({ files }: ShardSample): string {
  const bytes = files.get("txt");
  if (bytes === undefined) throw new SyntaxError("no text: a sample needs key.txt");
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SyntaxError("unreadable text: not UTF-8", { cause });
  }
  const caption = cleanCaption(text);
  if (caption === "") throw new SyntaxError("empty text: a caption needs a visible character");
  return caption;
}

/** A caption with white space and control characters as single blanks; empty when nothing is left. */
export function cleanCaption(text: string): string {
  return text.replace(/[\s\p{Cc}\p{Cf}]+/gu, " ").trim();
}

/**
 * Class index of a sample, written as text in `key.cls`.
 *
 * @throws {SyntaxError} when `key.cls` is missing.
 * @throws {RangeError} when it is no index of a class: the labels and the list of classes do not
 * belong together, so that leaving the sample out would hide it.
 */
export function labelOf({ files }: ShardSample, classes: number): number {
  const bytes = files.get("cls");
  if (bytes === undefined) throw new SyntaxError("no label: a sample needs key.cls");
  const text = new TextDecoder().decode(bytes).trim();
  const label = Number(text);
  if (/^\d{1,9}$/.test(text) && label < classes) return label;
  throw new RangeError(
    `class index ${JSON.stringify(text.slice(0, 40))}; allowed: 0 to ${classes - 1}`,
  );
}
