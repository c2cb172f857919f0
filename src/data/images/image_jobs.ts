import type { Crop } from "./resize_image.ts";

/** `sizeof(clipa_image_job)`. */
export const JOB_BYTES = 88;

const FLIP = 1, INK = 2, JITTER = 4, GRAY = 8;

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

/** Writes a job in the memory layout of `clipa_image_job`. */
export function writeJob(view: DataView, index: number, job: ImageJob): void {
  const at = index * JOB_BYTES;
  const { crop, colours, jitter } = job;
  view.setBigUint64(at, BigInt(job.offset), true);
  view.setUint32(at + 8, job.size, true);
  view.setUint32(at + 12, job.size, true);
  view.setUint32(at + 16, job.channels, true);
  const flags = (job.flip ? FLIP : 0) | (colours ? INK : 0) | (jitter ? JITTER : 0) |
    (job.gray ? GRAY : 0);
  view.setUint32(at + 20, flags, true);
  const floats = [crop.left, crop.top, crop.width, crop.height];
  floats.push(...(colours?.ink ?? [0, 0, 0]), ...(colours?.paper ?? [255, 255, 255]));
  if (jitter) floats.push(jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue);
  floats.forEach((value, i) => view.setFloat32(at + 24 + 4 * i, value, true));
  const order = jitter?.order ?? [0, 1, 2, 3];
  order.forEach((which, i) => view.setUint8(at + 80 + i, which));
}
