import { decodeImage, type DecodeLimits } from "./decode_image.ts";
import type { Crop, Picture } from "./resize_image.ts";
import { inksToRgb, openJpeg, type Shrink } from "./vips_jpeg.ts";

/** How a JPEG is decoded: at its own size, or smaller where its use is much smaller. */
export type DecodeKind = "exact" | "scaled";

/** Sides of a picture file, in pixels. */
export interface FullSides {
  readonly width: number;
  readonly height: number;
}

/** A picture that may have been decoded smaller than its file has it. */
export interface ScaledPicture extends Picture {
  /** Its sides in the file. What of a side is no multiple of `shrink` is not decoded. */
  readonly full: FullSides;
  readonly shrink: Shrink;
}

/**
 * Pixels that are left of a picture for one of the result, along each side. libjpeg leaves the low
 * frequencies of its blocks of 8 x 8, a sharper cut than the triangle of a bilinear resize; the more
 * pixels are left, the more of the filter is the resize's own. With 1.5, ten photographs differ from
 * the exact path by 0.5 to 2 levels of 255 in the mean at a half, with 1 by 0.8 to 3.4.
 */
const PIXELS_LEFT = 1.5;

/** The largest shrinking that leaves a crop enough pixels for a square of `size`. */
export function shrinkFor({ width, height }: FullSides, size: number): Shrink {
  const most = Math.min(width, height) / (PIXELS_LEFT * size);
  return most >= 8 ? 8 : most >= 4 ? 4 : most >= 2 ? 2 : 1;
}

/** A part of the file's picture, in pixels of the decoded one. */
export function cropOf(picture: ScaledPicture, crop: Crop): Crop {
  const { shrink } = picture;
  if (shrink === 1) return crop;
  const [left, width] = inside(crop.left / shrink, crop.width / shrink, picture.width);
  const [top, height] = inside(crop.top / shrink, crop.height / shrink, picture.height);
  return { left, top, width, height };
}

/** A stretch that ends where the picture does, also where the library adds in float32. */
function inside(start: number, length: number, most: number): [number, number] {
  const from = Math.fround(start);
  let width = Math.fround(Math.min(length, most - from));
  while (Math.fround(from + width) > most) width = Math.fround(width * (1 - 2 ** -23));
  return [from, width];
}

/**
 * Decodes a picture off this thread. A JPEG is decoded at a half, a quarter or an eighth of its sides
 * where `shrinkOf` allows it: libjpeg then computes fewer of its pixels, those that Pillow's draft mode
 * computes too. Everything else, and what cannot be decoded like this, goes through
 * {@linkcode decodeImage}, with its limits and its errors.
 *
 * @param shrinkOf The largest shrinking, by the sides in the file.
 * @throws {SyntaxError} when the bytes are no whole picture, or one beyond the limits.
 *
 * ```ts ignore
 * const photo = await decodeScaled(bytes, (full) => shrinkFor(full, 112));
 * resizeImage(photo, 112, 112, "bilinear", cropOf(photo, { left: 0, top: 0, ...photo.full }));
 * ```
 */
export async function decodeScaled(
  bytes: Uint8Array,
  shrinkOf: (full: FullSides) => Shrink,
  limits: DecodeLimits = {},
): Promise<ScaledPicture> {
  return await decodeJpeg(bytes, shrinkOf, limits) ?? fullPicture(await decodeImage(bytes, limits));
}

/** A picture that was decoded at its own size. */
export function fullPicture(picture: Picture): ScaledPicture {
  const { width, height } = picture;
  return { ...picture, full: { width, height }, shrink: 1 };
}

async function decodeJpeg(
  file: Uint8Array,
  shrinkOf: (full: FullSides) => Shrink,
  { maxPixels = 64e6, maxSeconds = 20 }: DecodeLimits,
): Promise<ScaledPicture | undefined> {
  if (!(file[0] === 0xff && file[1] === 0xd8 && file[2] === 0xff)) return undefined;
  let full: FullSides, shrink: Shrink;
  {
    using image = openJpeg(file, 1);
    if (image === undefined || image.width * image.height > maxPixels) return undefined;
    full = { width: image.width, height: image.height };
    shrink = shrinkOf(full);
    if (shrink === 1) return undefined;
  }
  using image = openJpeg(file, shrink);
  const pixels = await image?.pixels(maxSeconds);
  if (image === undefined || pixels === undefined) return undefined;
  const { width, height, bands } = image;
  if (bands === 4) return { width, height, channels: 3, pixels: inksToRgb(pixels), full, shrink };
  if (bands !== 1 && bands !== 3) return undefined;
  return { width, height, channels: bands, pixels, full, shrink };
}
