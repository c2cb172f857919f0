import { check, nativeLibrary } from "../../native/library.ts";

/** Filters of the antialiased resize. */
export type ResizeFilter = "bilinear" | "bicubic";

/** Numbers of the filters in `clipa_image.h`. */
export const FILTER_CODES: Readonly<Record<ResizeFilter, number>> = { bilinear: 0, bicubic: 1 };

const MAX_SIDE = 65_536;

/** A picture in memory: uint8 [height, width, channels], one or three channels. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly pixels: Uint8Array<ArrayBuffer>;
}

/** A rectangle in source pixels. */
export interface Crop {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Resizes a picture, or a crop of it, with antialiasing: bit for bit what Pillow's
 * `Image.resize(size, filter, box)` gives (version 12; Pillow 13 starts with the columns of
 * tall pictures). Training and inference share it, so embeddings do not depend on the language that
 * prepared the picture.
 *
 * @param width Side of the result, 1 to 65536 pixels.
 * @param height Side of the result, 1 to 65536 pixels.
 * @throws {RangeError} when a side of the result is out of range.
 * @throws {NativeError} when the crop lies outside the picture or its pixels have another size.
 *
 * ```ts
 * const picture = { width: 2, height: 1, channels: 1, pixels: Uint8Array.of(0, 100) } as const;
 * resizeImage(picture, 1, 1, "bilinear").pixels; // 50
 * ```
 */
export function resizeImage(
  picture: Picture,
  width: number,
  height: number,
  filter: ResizeFilter,
  crop: Crop = { left: 0, top: 0, width: picture.width, height: picture.height },
): Picture {
  for (const side of [width, height]) {
    if (!Number.isInteger(side) || side < 1 || side > MAX_SIDE) {
      throw new RangeError(
        `resize to ${width} x ${height} pixels; allowed: whole numbers from 1 to ${MAX_SIDE}`,
      );
    }
  }
  const pixels = new Uint8Array(width * height * picture.channels);
  const status = nativeLibrary().symbols.clipa_resize_u8(
    picture.pixels,
    BigInt(picture.pixels.length),
    picture.width,
    picture.height,
    picture.channels,
    Float32Array.of(crop.left, crop.top, crop.width, crop.height),
    pixels,
    BigInt(pixels.length),
    width,
    height,
    FILTER_CODES[filter],
  );
  check(status, "clipa_resize_u8");
  return { width, height, channels: picture.channels, pixels };
}
