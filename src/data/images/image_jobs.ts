import type { Crop } from "./resize_image.ts";

/** `sizeof(clipa_image_job)`. */
export const JOB_BYTES = 88;
const JOB_WORDS = JOB_BYTES / 4;

const FLIP = 1, INK = 2, JITTER = 4, GRAY = 8;
const BLACK: Rgb = [0, 0, 0], WHITE: Rgb = [255, 255, 255];
const STRAIGHT = [0, 1, 2, 3];

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

/** How one picture of a batch is prepared. */
export interface ImageJob {
  /** Byte offset in the mapped file. */
  readonly offset: number;
  /** Side of the stored picture, in pixels. */
  readonly size: number;
  readonly channels: number;
  readonly crop: Crop;
  /** One-channel pictures: the colours of ink and paper; null keeps black on white. */
  readonly colours: { readonly ink: Rgb; readonly paper: Rgb } | null;
  readonly jitter: Jitter | null;
  readonly gray: boolean;
  readonly flip: boolean;
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
    const { offset, crop, jitter } = job;
    words[at] = offset; // modulo 2^32
    words[at + 1] = Math.floor(offset / 2 ** 32);
    words[at + 2] = job.size;
    words[at + 3] = job.size;
    words[at + 4] = job.channels;
    words[at + 5] = (job.flip ? FLIP : 0) | (job.colours ? INK : 0) | (jitter ? JITTER : 0) |
      (job.gray ? GRAY : 0);
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
  }
}
