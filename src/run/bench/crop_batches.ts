import { ImageJobs, JOB_BYTES } from "../../data/images/image_jobs.ts";
import { MappedFile } from "../../data/images/mapped_file.ts";
import { FILTER_CODES } from "../../data/images/resize_image.ts";
import type { NativeContext } from "../../native/context.ts";
import { check, nativeLibrary } from "../../native/library.ts";

/** Pictures of one batch. */
export const CROPS_BATCH = 256;

const CHANNELS = 3;

/** Which pictures a file holds, and how large they become. */
export interface CropShape {
  /** Side of the stored pictures, which have three channels and lie one behind the other. */
  readonly side: number;
  readonly pictures: number;
  readonly outSide: number;
}

/** A batch of crops as in training, prepared again and again on one thread off this one. */
export class CropBatches implements Disposable {
  readonly #context: NativeContext;
  readonly #map: MappedFile;
  readonly #jobs;
  readonly #pixels;
  readonly #outSide: number;

  constructor(context: NativeContext, path: string, { side, pictures, outSide }: CropShape) {
    this.#context = context;
    this.#outSide = outSide;
    this.#map = new MappedFile(path);
    this.#jobs = context.buffer(CROPS_BATCH * JOB_BYTES);
    this.#pixels = context.buffer(CROPS_BATCH * outSide ** 2 * 3);
    const jobs = new ImageJobs(CROPS_BATCH);
    for (let i = 0; i < CROPS_BATCH; i++) {
      jobs.set(i, {
        offset: i * 1579 % pictures * side * side * CHANNELS,
        size: side,
        channels: CHANNELS,
        crop: { left: i % 5 + 0.5, top: i % 3 + 0.25, width: 0.9 * side, height: 0.92 * side },
        colours: null,
        jitter: null,
        gray: false,
        flip: false,
        stroke: null,
        warp: null,
      });
    }
    this.#jobs.write(0, jobs.bytes);
  }

  /** Prepares all pictures of the batch. */
  async run(): Promise<void> {
    const status = await nativeLibrary().symbols.clipa_image_batch(
      this.#map.handle,
      this.#jobs.handle,
      BigInt(CROPS_BATCH),
      this.#pixels.handle,
      this.#outSide,
      FILTER_CODES.bilinear,
    );
    check(status, "clipa_image_batch", this.#context.handle);
  }

  [Symbol.dispose](): void {
    this.#map[Symbol.dispose]();
    this.#jobs[Symbol.dispose]();
    this.#pixels[Symbol.dispose]();
  }
}
