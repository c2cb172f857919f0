import type { Crop } from "./resize_image.ts";

/** `sizeof(clipa_image_job)`. */
export const JOB_BYTES = 112;
const JOB_WORDS = JOB_BYTES / 4;

const FLIP = 1, INK = 2, JITTER = 4, GRAY = 8, STROKE = 16, WARP = 32;
const BLACK: Rgb = [0, 0, 0], WHITE: Rgb = [255, 255, 255];
const STRAIGHT = [0, 1, 2, 3];
const STILL: Warp = [1, 0, 0, 0, 1, 0];

/** Colours from 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** SimCLR's colour distortion of one picture. */
export interface Jitter {
  /** Factors of brightness, contrast and saturation. */
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  /** Shift of the hue, in turns. */
  readonly hue: number;
  /** Which comes first: a permutation of 0 (brightness) to 3 (hue). */
  readonly order: readonly number[];
}

/**
 * Six numbers w: the pixel (x, y) shows what was at (w0 x + w1 y + w2, w3 x + w4 y + w5), both about the
 * centre of the stored picture, in pixels.
 */
export type Warp = readonly [number, number, number, number, number, number];

/** How one picture of a batch is prepared. */
export interface ImageJob {
  /** Byte offset in the mapped file. */
  readonly offset: number;
  /** Side of the stored picture in pixels, or both sides. */
  readonly size: number | { readonly width: number; readonly height: number };
  readonly channels: number;
  readonly crop: Crop;
  /** One-channel pictures: the colours of ink and paper; null keeps black on white. */
  readonly colours: { readonly ink: Rgb; readonly paper: Rgb } | null;
  readonly jitter: Jitter | null;
  readonly gray: boolean;
  readonly flip: boolean;
  /** Pixels by which the edge of dark strokes moves outwards, -4 to 4; null leaves them. */
  readonly stroke: number | null;
  /** Affine map of the stored picture, before the crop; null for none. */
  readonly warp: Warp | null;
}

/** The jobs of a batch in the memory layout of `clipa_image_job`. */
export class ImageJobs {
  /** What the native library reads. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #words: Uint32Array;
  readonly #floats: Float32Array;

  /** @param count Pictures in a batch. */
  constructor(count: number) {
    this.bytes = new Uint8Array(count * JOB_BYTES);
    this.#words = new Uint32Array(this.bytes.buffer);
    this.#floats = new Float32Array(this.bytes.buffer);
  }

  /** Writes the job of one picture. */
  set(index: number, job: ImageJob): void {
    const words = this.#words, floats = this.#floats, at = index * JOB_WORDS;
    const { offset, crop, jitter, stroke, warp } = job;
    words[at] = offset; // modulo 2^32
    words[at + 1] = Math.floor(offset / 2 ** 32);
    words[at + 2] = typeof job.size === "number" ? job.size : job.size.width;
    words[at + 3] = typeof job.size === "number" ? job.size : job.size.height;
    words[at + 4] = job.channels;
    words[at + 5] = (job.flip ? FLIP : 0) | (job.colours ? INK : 0) | (jitter ? JITTER : 0) |
      (job.gray ? GRAY : 0) | (stroke === null ? 0 : STROKE) | (warp ? WARP : 0);
    floats[at + 6] = crop.left;
    floats[at + 7] = crop.top;
    floats[at + 8] = crop.width;
    floats[at + 9] = crop.height;
    floats.set(job.colours?.ink ?? BLACK, at + 10);
    floats.set(job.colours?.paper ?? WHITE, at + 13);
    floats[at + 16] = jitter?.brightness ?? 1;
    floats[at + 17] = jitter?.contrast ?? 1;
    floats[at + 18] = jitter?.saturation ?? 1;
    floats[at + 19] = jitter?.hue ?? 0;
    const [a, b, c, d] = jitter?.order ?? STRAIGHT;
    words[at + 20] = a | (b << 8) | (c << 16) | (d << 24);
    floats[at + 21] = stroke ?? 0;
    floats.set(warp ?? STILL, at + 22);
  }
}
