import { philox, unit } from "../../tensor/random.ts";
import type { Crop } from "../images/resize_image.ts";

const PURPOSE = 0x63726f70; // "crop"
const ATTEMPTS = 10;

/** Who the random numbers are for: they are a function of this and the purpose alone. */
export interface DrawKey {
  readonly seed: number;
  readonly epoch: number;
  /** Row of the data set. */
  readonly row: number;
}

/** Sides of a picture, in pixels. */
export interface PictureSides {
  readonly width: number;
  readonly height: number;
}

/**
 * A random crop of a picture: area and aspect ratio drawn until they fit, else the whole
 * picture ("Inception" crop, paper 1, table 5).
 *
 * Aspect and attempts are the PyTorch code's: log-uniform, so that wide and tall are alike, and ten.
 * TensorFlow's, in the JAX code, are uniform and a hundred; with the papers' ranges ten draws fail once
 * in some millions of square pictures, so there is no option for it.
 *
 * @param size Side of the picture in pixels, or both sides.
 * @param area Smallest and largest share of the area.
 * @param aspect Smallest and largest ratio of width to height.
 */
export function drawCrop(
  key: DrawKey,
  size: number | PictureSides,
  area: readonly [number, number],
  aspect: readonly [number, number],
): Crop {
  const sides = typeof size === "number" ? { width: size, height: size } : size;
  // The side of a square of the same area; exact for a square.
  const scale = Math.sqrt(sides.width * sides.height);
  const low = Math.log(aspect[0]);
  const high = Math.log(aspect[1]);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const [a, b, c, d] = philox(key.seed, PURPOSE, key.epoch, key.row, attempt, 0);
    const share = area[0] + unit(a) * (area[1] - area[0]);
    const ratio = Math.exp(low + unit(b) * (high - low));
    const width = Math.fround(scale * Math.sqrt(share * ratio));
    const height = Math.fround(scale * Math.sqrt(share / ratio));
    if (width > sides.width || height > sides.height) continue;
    // Rounded so that left + width, added in float32, cannot pass the edge.
    const [right, below] = [sides.width - width, sides.height - height];
    const left = Math.min(Math.fround(unit(c) * right), Math.fround(right));
    const top = Math.min(Math.fround(unit(d) * below), Math.fround(below));
    if (Math.fround(left + width) > sides.width) continue;
    if (Math.fround(top + height) > sides.height) continue;
    return { left, top, width, height };
  }
  return { left: 0, top: 0, ...sides };
}
