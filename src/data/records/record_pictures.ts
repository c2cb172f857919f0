import type { NativeBuffer, NativeContext } from "../../native/context.ts";
import { check, nativeLibrary } from "../../native/library.ts";
import { ImageJobs, JOB_BYTES } from "../images/image_jobs.ts";
import { MappedFile } from "../images/mapped_file.ts";
import { FILTER_CODES, type ResizeFilter } from "../images/resize_image.ts";
import type { Records } from "./records.ts";

/** How {@linkcode RecordPictures} shows pictures. */
export interface RecordPicturesOptions {
  /** Side of the squares, in pixels. */
  readonly size: number;
  readonly filter: ResizeFilter;
  /** Most pictures of one call. */
  readonly batch: number;
}

/**
 * Whole pictures of a record file at a size, black on white where one-coloured, with the exact resize
 * of training. They are prepared off this thread, so a forward pass can run meanwhile.
 *
 * ```ts ignore
 * using pictures = new RecordPictures(context, records, { size: 32, filter: "bilinear", batch: 256 });
 * const pixels = await pictures.read(0, 256); // uint8 [256, 32, 32, 3]
 * ```
 */
export class RecordPictures implements Disposable {
  readonly #context: NativeContext;
  readonly #records: Records;
  readonly #options: RecordPicturesOptions;
  readonly #map: MappedFile;
  readonly #jobs: NativeBuffer;
  readonly #pixels: NativeBuffer;
  #busy: Promise<unknown> = Promise.resolve();

  /** @param context Whose memory the pictures are prepared in. */
  constructor(context: NativeContext, records: Records, options: RecordPicturesOptions) {
    this.#context = context;
    this.#records = records;
    this.#options = options;
    this.#map = new MappedFile(records.path);
    this.#jobs = context.buffer(options.batch * JOB_BYTES);
    this.#pixels = context.buffer(options.batch * options.size ** 2 * 3);
  }

  /** Rows `first` to `first + count - 1`: uint8 [count, size, size, 3]. */
  read(first: number, count: number): Promise<Uint8Array<ArrayBuffer>> {
    const { batch } = this.#options;
    if (!(first >= 0 && count >= 1 && count <= batch && first + count <= this.#records.count)) {
      throw new RangeError(
        `rows ${first} to ${first + count - 1}; allowed: at most ${batch} of the ` +
          `${this.#records.count} rows of ${this.#records.path}`,
      );
    }
    // One after the other: calls share the buffers.
    const pixels = this.#busy.then(() => this.#prepare(first, count));
    this.#busy = pixels.catch(() => {});
    return pixels;
  }

  async #prepare(first: number, count: number): Promise<Uint8Array<ArrayBuffer>> {
    const { size, filter } = this.#options;
    const { offset, channels, size: side } = this.#records;
    const jobs = new ImageJobs(count);
    for (let i = 0; i < count; i++) {
      jobs.set(i, {
        offset: offset[first + i],
        size: side,
        channels: channels[first + i],
        crop: { left: 0, top: 0, width: side, height: side },
        colours: null,
        jitter: null,
        gray: false,
        flip: false,
        stroke: null,
        warp: null,
      });
    }
    this.#jobs.write(0, jobs.bytes);
    const status = await nativeLibrary().symbols.clipa_image_batch(
      this.#map.handle,
      this.#jobs.handle,
      BigInt(count),
      this.#pixels.handle,
      size,
      FILTER_CODES[filter],
    );
    check(status, `pictures of ${this.#records.path} from row ${first}`, this.#context.handle);
    return this.#pixels.read(0, new Uint8Array(count * size * size * 3));
  }

  /** Frees the memory. Safe to call twice. */
  [Symbol.dispose](): void {
    this.#map[Symbol.dispose]();
    this.#jobs[Symbol.dispose]();
    this.#pixels[Symbol.dispose]();
  }
}
