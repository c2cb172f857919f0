import type { AugmentRecipe } from "../../config/stage_recipe.ts";
import type { NativeBuffer, NativeContext } from "../../native/context.ts";
import { check, nativeLibrary } from "../../native/library.ts";
import { drawColours } from "../augment/draw_colours.ts";
import { drawCrop, type DrawKey } from "../augment/draw_crop.ts";
import { JOB_BYTES, writeJob } from "../images/image_jobs.ts";
import { MappedFile } from "../images/mapped_file.ts";
import { FILTER_CODES, type ResizeFilter } from "../images/resize_image.ts";
import type { Records } from "../records/records.ts";
import type { CaptionTokens, ShortenCaption } from "./caption_tokens.ts";
import { FIRST_CURSOR, type LoaderCursor, type SampleOrder } from "./sample_order.ts";

/** What a loader makes batches of. */
export interface PairLoaderOptions {
  readonly records: Records;
  readonly captions: CaptionTokens;
  readonly order: SampleOrder;
  /** Pairs in a batch. */
  readonly batch: number;
  /** Side of the pictures, in pixels. */
  readonly imageSize: number;
  readonly filter: ResizeFilter;
  /** Tokens of a caption, special tokens included. */
  readonly textTokens: number;
  /** Weights of the caption levels 1 to 5. */
  readonly captionWeights: readonly number[];
  readonly shorten: ShortenCaption;
  readonly augment: AugmentRecipe;
  readonly seed: number;
  readonly cursor?: LoaderCursor;
  /** Batches prepared ahead. Default 2. */
  readonly prefetch?: number;
}

/** A batch, ready for a training step. Its arrays are used again two batches later. */
export interface LoadedBatch {
  /** u8 [batch, size, size, 3] */
  readonly images: Uint8Array;
  /** i32 [batch, textTokens] */
  readonly tokens: Int32Array;
  /** Rows of the data set. */
  readonly rows: readonly number[];
  /** Where the loader stands after this batch. */
  readonly cursor: LoaderCursor;
}

interface Slot {
  readonly jobs: NativeBuffer;
  readonly pixels: NativeBuffer;
  readonly images: Uint8Array<ArrayBuffer>;
  readonly tokens: Int32Array<ArrayBuffer>;
}

/**
 * Batches of pairs: rows in their order, a random caption and a random crop and colours for each.
 * Pictures are prepared by one native call a batch, beside the training step.
 *
 * Randomness is a function of (seed, epoch, row, purpose): the same batch comes out whoever asks,
 * and a cursor goes on exactly.
 */
export class PairLoader implements Disposable {
  readonly #options: PairLoaderOptions;
  readonly #map: MappedFile;
  readonly #slots: Slot[];
  readonly #ready: Promise<LoadedBatch>[] = [];
  readonly #jobBytes: Uint8Array<ArrayBuffer>;
  readonly #jobView: DataView;
  #cursor: LoaderCursor;
  #made = 0;

  /** @param context Whose memory the batches are prepared in. */
  constructor(context: NativeContext, options: PairLoaderOptions) {
    const { batch, imageSize, textTokens, prefetch = 2 } = options;
    this.#options = options;
    this.#cursor = options.cursor ?? FIRST_CURSOR;
    this.#map = new MappedFile(options.records.path);
    this.#jobBytes = new Uint8Array(batch * JOB_BYTES);
    this.#jobView = new DataView(this.#jobBytes.buffer);
    const bytes = batch * imageSize * imageSize * 3;
    // One slot more than are prepared ahead: the batch that the trainer holds.
    this.#slots = Array.from({ length: prefetch + 1 }, () => ({
      jobs: context.buffer(this.#jobBytes.length),
      pixels: context.buffer(bytes),
      images: new Uint8Array(bytes),
      tokens: new Int32Array(batch * textTokens),
    }));
    for (let i = 0; i < prefetch; i++) this.#start();
  }

  /** The next batch; the one after the prepared ones starts meanwhile. */
  async next(): Promise<LoadedBatch> {
    const ready = this.#ready.shift();
    if (!ready) throw new Error("the loader was disposed");
    const batch = await ready;
    this.#start();
    return batch;
  }

  #start(): void {
    const promise = this.#prepare(this.#slots[this.#made++ % this.#slots.length]);
    // The error belongs to whoever awaits the batch.
    promise.catch(() => {});
    this.#ready.push(promise);
  }

  async #prepare(slot: Slot): Promise<LoadedBatch> {
    const { batch, order, captions, textTokens, captionWeights, shorten, seed } = this.#options;
    const { rows, cursor } = order.next(this.#cursor, batch);
    const epoch = this.#cursor.epoch;
    this.#cursor = cursor;
    rows.forEach((row, i) => {
      const key = { seed, epoch, row };
      captions.write(key, captionWeights, textTokens, shorten, slot.tokens, i * textTokens);
      this.#writeJob(key, i);
    });
    slot.jobs.write(0, this.#jobBytes);
    const status = await nativeLibrary().symbols.clipa_image_batch(
      this.#map.handle,
      slot.jobs.handle,
      BigInt(batch),
      slot.pixels.handle,
      this.#options.imageSize,
      FILTER_CODES[this.#options.filter],
    );
    if (status !== 0) this.#explain(status, rows);
    slot.pixels.read(0, slot.images);
    return { images: slot.images, tokens: slot.tokens, rows, cursor };
  }

  #writeJob(key: DrawKey, index: number): void {
    const { records, augment } = this.#options;
    const { area, aspect, ...colours } = augment;
    const channels = records.channels[key.row];
    writeJob(this.#jobView, index, {
      offset: records.offset[key.row],
      size: records.size,
      channels,
      crop: drawCrop(key, records.size, area, aspect),
      ...drawColours(key, channels, colours),
    });
  }

  // The message of a nonblocking call stays on its thread, so it is said here what was tried.
  #explain(status: number, rows: readonly number[]): never {
    const keys = rows.slice(0, 3).map((row) => this.#options.records.key(row)).join(", ");
    check(status, `clipa_image_batch of ${this.#options.records.path} (rows ${keys}, …)`);
    throw new Error("unreachable");
  }

  [Symbol.dispose](): void {
    this.#ready.length = 0;
    this.#map[Symbol.dispose]();
    for (const { jobs, pixels } of this.#slots) {
      jobs[Symbol.dispose]();
      pixels[Symbol.dispose]();
    }
  }
}
