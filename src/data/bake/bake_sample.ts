import { decodeImage, type DecodeLimits } from "../images/decode_image.ts";
import { type ResizeFilter, resizeImage } from "../images/resize_image.ts";
import type { RecordRow } from "../records/record_writer.ts";
import type { ShardSample } from "../shards/read_tar.ts";

/** How pictures of any size become square. */
export interface BakeForm {
  /** Pixels per side of the records. */
  readonly side: number;
  readonly filter: ResizeFilter;
  /** `squash` gives up the aspect ratio, as CLIPA's evaluation does; `crop` takes the middle square. */
  readonly fit: "squash" | "crop";
}

/** Set and family of all rows from shards: they do not name their designers. */
export const SHARD_FAMILY = "shards";

const IMAGE_EXTENSIONS = ["png", "jpg", "jpeg", "webp"];

/**
 * One sample of a shard as a row of records: its picture resized, its text as the caption of level 1.
 * Captions that differ in case and white space only are one phrase.
 *
 * @param shard Name of the shard; keys are unique within one only.
 * @throws {SyntaxError} when picture or text is missing or unreadable; the message begins with the
 * kind of the fault, then a colon.
 */
export async function bakeSample(
  { key, files }: ShardSample,
  shard: string,
  form: BakeForm,
  limits: DecodeLimits = {},
): Promise<RecordRow> {
  const caption = captionOf(files.get("txt"));
  const extension = IMAGE_EXTENSIONS.find((name) => files.has(name));
  if (extension === undefined) {
    throw new SyntaxError(
      `no picture: seen ${[...files.keys()].join(", ")}; allowed ${IMAGE_EXTENSIONS.join(", ")}`,
    );
  }
  const picture = await decodeImage(files.get(extension)!, limits);
  const { width, height } = picture;
  const { side, filter, fit } = form;
  const short = Math.min(width, height);
  const crop = fit === "squash"
    ? { left: 0, top: 0, width, height }
    : { left: (width - short) / 2, top: (height - short) / 2, width: short, height: short };
  return {
    key: `${shard}:${key}`,
    set: SHARD_FAMILY,
    family: SHARD_FAMILY,
    phrase: caption.toLowerCase(),
    pixels: resizeImage(picture, side, side, filter, crop).pixels,
    captions: [{ level: 1, text: caption }],
  };
}

function captionOf(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) throw new SyntaxError("no text: a sample needs key.txt");
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SyntaxError("unreadable text: not UTF-8", { cause });
  }
  const caption = text.replace(/[\s\p{Cc}\p{Cf}]+/gu, " ").trim();
  if (caption === "") throw new SyntaxError("empty text: a caption needs a visible character");
  return caption;
}
