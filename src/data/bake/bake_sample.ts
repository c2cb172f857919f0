import { decodeImage, type DecodeLimits } from "../images/decode_image.ts";
import type { ResizeFilter } from "../images/resize_image.ts";
import { type DecodeKind, decodeScaled, fullPicture, shrinkFor } from "../images/scaled_jpeg.ts";
import { type Fit, squareOfScaled } from "../images/square_picture.ts";
import type { RecordRow } from "../records/record_writer.ts";
import type { ShardSample } from "../shards/read_tar.ts";
import { captionOf, pictureOf } from "../shards/sample_parts.ts";

/** How pictures of any size become square. */
export interface BakeForm {
  /** Pixels per side of the records. */
  readonly side: number;
  readonly filter: ResizeFilter;
  readonly fit: Fit;
  /** How JPEGs are decoded; default exact. */
  readonly decode?: DecodeKind;
}

/** Set and family of all rows from shards: they do not name their designers. */
export const SHARD_FAMILY = "shards";

/**
 * One sample of a shard as a row of records: its picture resized, its text as the caption of level 1.
 * Captions that differ in case and white space only are one phrase.
 *
 * @param shard Name of the shard; keys are unique within one only.
 * @throws {SyntaxError} when picture or text is missing or unreadable; the message begins with the
 * kind of the fault, then a colon.
 */
export async function bakeSample(
  sample: ShardSample,
  shard: string,
  form: BakeForm,
  limits: DecodeLimits = {},
): Promise<RecordRow> {
  const { key } = sample;
  const caption = captionOf(sample);
  const file = pictureOf(sample);
  const picture = form.decode === "scaled"
    ? await decodeScaled(file, (full) => shrinkFor(full, form.side), limits)
    : fullPicture(await decodeImage(file, limits));
  return {
    key: `${shard}:${key}`,
    set: SHARD_FAMILY,
    family: SHARD_FAMILY,
    phrase: caption.toLowerCase(),
    pixels: squareOfScaled(picture, form).pixels,
    captions: [{ level: 1, text: caption }],
  };
}
