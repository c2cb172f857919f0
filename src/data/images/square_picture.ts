import { type Picture, type ResizeFilter, resizeImage } from "./resize_image.ts";

/**
 * How pictures of any shape become square: `squash` gives up the aspect ratio, as CLIPA's evaluation
 * does; `crop` takes the middle square.
 */
export type Fit = "squash" | "crop";

/** A picture of any shape as a square of `side` pixels, resized with antialiasing. */
export function squarePicture(
  picture: Picture,
  { side, filter, fit }: { side: number; filter: ResizeFilter; fit: Fit },
): Picture {
  const { width, height } = picture;
  const short = Math.min(width, height);
  const crop = fit === "squash"
    ? { left: 0, top: 0, width, height }
    : { left: (width - short) / 2, top: (height - short) / 2, width: short, height: short };
  return resizeImage(picture, side, side, filter, crop);
}

/**
 * Writes a picture of one or three channels as RGB.
 *
 * @param out At least 3 values a pixel from `at` on.
 */
export function writeRgb(picture: Picture, out: Uint8Array, at: number): void {
  const { channels, pixels } = picture;
  if (channels === 3) {
    out.set(pixels, at);
    return;
  }
  for (let p = 0, to = at; p < pixels.length; p++, to += 3) {
    out[to] = out[to + 1] = out[to + 2] = pixels[p];
  }
}
