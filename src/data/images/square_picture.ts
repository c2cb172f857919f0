import { type Crop, type Picture, type ResizeFilter, resizeImage } from "./resize_image.ts";
import { cropOf, fullPicture, type ScaledPicture } from "./scaled_jpeg.ts";

/**
 * How pictures of any shape become square: `squash` gives up the aspect ratio, as CLIPA's evaluation
 * does; `crop` takes the middle square and resizes it once.
 */
export type Fit = "squash" | "crop";

/** Share of the resized picture's short side that the middle crop keeps, by the name of the fit. */
const CROP_RATIOS = { "resize-crop": 1, "resize-crop-0.875": 0.875, "resize-crop-0.75": 0.75 };

/**
 * Fits of evaluations. `resize-crop` brings the short side to the wanted size, rounds the long one down
 * to whole pixels and cuts out the middle, as torchvision's `Resize` and `CenterCrop` do; with a ratio
 * the short side is brought to size / ratio first: 0.875 turns 256 into 224.
 */
export type EvalFit = Fit | keyof typeof CROP_RATIOS;

/** Names of {@linkcode EvalFit}. */
export const EVAL_FITS: readonly EvalFit[] = [
  "squash",
  "crop",
  ...Object.keys(CROP_RATIOS) as (keyof typeof CROP_RATIOS)[],
];

/** A picture of any shape as a square of `side` pixels, resized with antialiasing. */
export function squarePicture(
  picture: Picture,
  { side, filter, fit }: { side: number; filter: ResizeFilter; fit: EvalFit },
): Picture {
  if (fit === "squash" || fit === "crop") {
    return squareOfScaled(fullPicture(picture), { side, filter, fit });
  }
  return resizedMiddle(picture, side, filter, CROP_RATIOS[fit]);
}

/** The same of a picture that may have been decoded smaller than its file has it. */
export function squareOfScaled(
  picture: ScaledPicture,
  { side, filter, fit }: { side: number; filter: ResizeFilter; fit: Fit },
): Picture {
  const { width, height } = picture.full;
  const short = Math.min(width, height);
  const crop = fit === "squash"
    ? { left: 0, top: 0, width, height }
    : { left: (width - short) / 2, top: (height - short) / 2, width: short, height: short };
  return resizeImage(picture, side, side, filter, cropOf(picture, crop));
}

/** Resize first, then crop: the crop stands on whole pixels of the resized picture. */
function resizedMiddle(
  picture: Picture,
  side: number,
  filter: ResizeFilter,
  ratio: number,
): Picture {
  const { width, height } = picture;
  const short = Math.floor(side / ratio);
  const long = Math.floor(short * Math.max(width, height) / Math.min(width, height));
  const [w, h] = width <= height ? [short, long] : [long, short];
  const resized = w === width && h === height ? picture : resizeImage(picture, w, h, filter);
  return cutOut(resized, {
    left: roundHalfEven((w - side) / 2),
    top: roundHalfEven((h - side) / 2),
    width: side,
    height: side,
  });
}

/** Python's `round`. */
function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  return value - below === 0.5 ? below + below % 2 : Math.round(value);
}

function cutOut({ width, channels, pixels }: Picture, crop: Crop): Picture {
  const line = crop.width * channels;
  const out = new Uint8Array(line * crop.height);
  for (let y = 0; y < crop.height; y++) {
    const from = ((crop.top + y) * width + crop.left) * channels;
    out.set(pixels.subarray(from, from + line), y * line);
  }
  return { width: crop.width, height: crop.height, channels, pixels: out };
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
