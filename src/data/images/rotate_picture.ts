import type { Picture } from "./resize_image.ts";

/**
 * Turns a picture about its middle, counter-clockwise, bilinearly; the canvas keeps its size and what
 * comes in from outside is white paper. Whole quarter turns of square pictures move pixels only.
 *
 * @param degrees Any angle.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { rotatePicture } from "./rotate_picture.ts";
 *
 * const picture = { width: 2, height: 2, channels: 1, pixels: Uint8Array.of(1, 2, 3, 4) } as const;
 * assert.deepEqual([...rotatePicture(picture, 90).pixels], [2, 4, 1, 3]);
 * ```
 */
export function rotatePicture(picture: Picture, degrees: number): Picture {
  const { width, height, channels, pixels } = picture;
  const [cos, sin] = directionOf(degrees);
  const out = new Uint8Array(pixels.length).fill(255);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += channels) {
      const right = x + 0.5 - width / 2, down = y + 0.5 - height / 2;
      // Where the pixel comes from: the turn back. Rows grow downwards, which turns the sign of sin.
      const fromX = width / 2 + cos * right - sin * down;
      const fromY = height / 2 + sin * right + cos * down;
      if (fromX < 0 || fromX > width || fromY < 0 || fromY > height) continue;
      const left = Math.floor(fromX - 0.5), top = Math.floor(fromY - 0.5);
      const shareX = fromX - 0.5 - left, shareY = fromY - 0.5 - top;
      const x0 = Math.max(0, left), x1 = Math.min(width - 1, left + 1);
      const y0 = Math.max(0, top) * width, y1 = Math.min(height - 1, top + 1) * width;
      for (let c = 0; c < channels; c++) {
        const at = (place: number) => pixels[place * channels + c];
        const above = at(y0 + x0) + shareX * (at(y0 + x1) - at(y0 + x0));
        const below = at(y1 + x0) + shareX * (at(y1 + x1) - at(y1 + x0));
        out[to + c] = Math.round(above + shareY * (below - above));
      }
    }
  }
  return { width, height, channels, pixels: out };
}

/** Cosine and sine; exact for quarter turns. */
function directionOf(degrees: number): [number, number] {
  const turn = ((degrees % 360) + 360) % 360;
  if (turn % 90 === 0) return [[1, 0], [0, 1], [-1, 0], [0, -1]][turn / 90] as [number, number];
  return [Math.cos(Math.PI * turn / 180), Math.sin(Math.PI * turn / 180)];
}
