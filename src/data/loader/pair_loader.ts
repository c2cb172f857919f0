import type { AugmentRecipe } from "../../config/stage_recipe.ts";
import type { NativeBuffer, NativeContext } from "../../native/context.ts";
import { check, nativeLibrary } from "../../native/library.ts";
import { drawColours } from "../augment/draw_colours.ts";
import { drawCrop, type DrawKey } from "../augment/draw_crop.ts";
import { drawShape } from "../augment/draw_shape.ts";
import { ImageJobs } from "../images/image_jobs.ts";
import { MappedFile } from "../images/mapped_file.ts";
import { FILTER_CODES, type ResizeFilter } from "../images/resize_image.ts";
import type { Records } from "../records/records.ts";
import type { StreamCursor } from "../stream/sample_stream.ts";
import type { CaptionTokens, ShortenCaption } from "./caption_tokens.ts";
import { FIRST_CURSOR, type LoaderCursor, type SampleOrder } from "./sample_order.ts";

/** What a loader makes batches of. */
export interface PairLoaderOptions {
  readonly records: Records;
  readonly captions: CaptionTokens;
  readonly order: SampleOrder;
  /** Pairs in a batch. */
  readonly batch: number;
  /** Prepare only the part of each batch that belongs to one of several ranks. Default all of it. */
  readonly share?: { readonly rank: number; readonly size: number };
  /** Side of the pictures, in pixels. */
  readonly imageSize: number;
  readonly filter: ResizeFilter;
  /** Tokens of a caption, special tokens included. */
  readonly textTokens: number;
  /** Weights of the caption levels 1 to 5. */
  readonly captionWeights: readonly number[];
  readonly shorten: ShortenCaption;
  /** Which patches of a picture the tower sees; default all. */
  readonly mask?: PairMask;
  readonly augment: AugmentRecipe;
  readonly seed: number;
  readonly cursor?: LoaderCursor;
  /** Batches prepared ahead. Default 2. */
  readonly prefetch?: number;
}

/** An image mask: how many patches it keeps, and a function that writes which, ascending. */
export interface PairMask {
  readonly tokens: number;
  readonly keep: (key: DrawKey, out: Int32Array, at: number) => void;
}

/** A batch, ready for a training step. Its arrays are valid until the next batch is asked for. */
export interface LoadedBatch<
  Row extends number | string = number | string,
  Cursor = LoaderCursor | StreamCursor,
> {
  /** u8 [batch, size, size, 3]; with a share only its part of the batch, as the rest. */
  readonly images: Uint8Array;
  /** The same on a device that does not share the host's memory; there `images` are a copy of it. */
  readonly pixels?: NativeBuffer;
  /** i32 [batch, textTokens] */
  readonly tokens: Int32Array;
  /** i32 [batch, kept patches]; absent without a mask. */
  readonly kept?: Int32Array;
  /** Rows of the data set, or keys of a stream's samples. */
  readonly rows: readonly Row[];
  /** Where the loader stands after this batch. */
  readonly cursor: Cursor;
  /** Samples of a stream that were left out because they are broken, a sentence each. */
  readonly broken?: readonly string[];
}

/** A batch of rows of a record file. */
export type RowBatch = LoadedBatch<number, LoaderCursor>;

/** `CLIPA_STALE_HANDLE` */
const STALE_HANDLE = 4;

interface Slot {
  readonly jobs: NativeBuffer;
  readonly pixels: NativeBuffer;
  readonly images: Uint8Array<ArrayBuffer>;
  readonly tokens: Int32Array<ArrayBuffer>;
  readonly kept?: Int32Array<ArrayBuffer>;
}

/**
 * Batches of pairs: rows in their order, a random caption and a random crop and colours for each.
 * Pictures are prepared by one native call a batch, beside the training step.
 *
 * Randomness is a function of (seed, epoch, row, purpose): the same batch comes out whoever asks,
 * and a cursor goes on exactly.
 *
 * ```ts ignore
 * using loader = new PairLoader(context, { records, captions, order, batch: 256, ... });
 * const { images, tokens, cursor } = await loader.next();
 * ```
 */
export class PairLoader implements Disposable {
  readonly #context: NativeContext;
  readonly #options: PairLoaderOptions;
  readonly #prefetch: number;
  /** Pairs of a batch that are prepared, and the first of them. */
  readonly #count: number;
  readonly #first: number;
  readonly #map: MappedFile;
  readonly #slots: Slot[];
  readonly #jobs: ImageJobs;
  readonly #started: Promise<RowBatch>[] = [];
  #cursor: LoaderCursor;
  #made = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #disposed = false;

  /** @param context Whose memory the batches are prepared in. */
  constructor(context: NativeContext, options: PairLoaderOptions) {
    const { batch, imageSize, textTokens, prefetch = 2, share = { rank: 0, size: 1 } } = options;
    if (batch % share.size !== 0) {
      throw new RangeError(`a batch of ${batch} cannot be shared equally by ${share.size} ranks`);
    }
    this.#count = batch / share.size;
    this.#first = share.rank * this.#count;
    this.#context = context;
    this.#options = options;
    this.#prefetch = prefetch;
    this.#cursor = options.cursor ?? FIRST_CURSOR;
    this.#map = new MappedFile(options.records.path);
    this.#jobs = new ImageJobs(this.#count);
    const bytes = this.#count * imageSize * imageSize * 3;
    // One slot more than are prepared ahead: the batch that the trainer holds.
    this.#slots = Array.from({ length: prefetch + 1 }, () => ({
      jobs: context.buffer(this.#jobs.bytes.length),
      pixels: context.buffer(bytes),
      images: new Uint8Array(bytes),
      tokens: new Int32Array(this.#count * textTokens),
      kept: options.mask && new Int32Array(this.#count * options.mask.tokens),
    }));
    this.#fill();
  }

  /** The next batch; those after it are prepared meanwhile. */
  async next(): Promise<RowBatch> {
    if (this.#disposed) throw new Error("the loader was disposed; make a new one");
    if (this.#started.length === 0) this.#start();
    const batch = await this.#started.shift()!;
    // Later, so that the caller's step is on its way before this thread draws crops and captions.
    if (!this.#disposed) this.#timer ??= setTimeout(() => this.#fill(), 0);
    return batch;
  }

  #fill(): void {
    this.#timer = undefined;
    while (this.#started.length < this.#prefetch) this.#start();
  }

  #start(): void {
    const promise = this.#prepare(this.#slots[this.#made++ % this.#slots.length]);
    // The error belongs to whoever awaits the batch.
    promise.catch(() => {});
    this.#started.push(promise);
  }

  async #prepare(slot: Slot): Promise<RowBatch> {
    const { batch, order, captions, textTokens, captionWeights, shorten, mask, seed } =
      this.#options;
    const { rows: drawn, cursor } = order.next(this.#cursor, batch);
    this.#cursor = cursor;
    const own = drawn.slice(this.#first, this.#first + this.#count);
    const rows = own.map(({ epoch, row }, i) => {
      const key = { seed, epoch, row };
      captions.write(key, captionWeights, textTokens, shorten, slot.tokens, i * textTokens);
      this.#setJob(i, key);
      if (mask) mask.keep(key, slot.kept!, i * mask.tokens);
      return row;
    });
    slot.jobs.write(0, this.#jobs.bytes);
    const status = await nativeLibrary().symbols.clipa_image_batch(
      this.#map.handle,
      slot.jobs.handle,
      BigInt(this.#count),
      slot.pixels.handle,
      this.#options.imageSize,
      FILTER_CODES[this.#options.filter],
    );
    this.#check(status, rows);
    const { pixels, images, tokens, kept } = slot;
    if (nativeLibrary().info.device === "cpu") {
      pixels.read(0, images);
      return { images, tokens, kept, rows, cursor };
    }
    // Pictures were made where the step needs them: only who asks for them here has them copied.
    return {
      get images() {
        return pixels.read(0, images);
      },
      ...{ pixels, tokens, kept, rows, cursor },
    };
  }

  #setJob(index: number, key: DrawKey): void {
    const { records, augment } = this.#options;
    const { area, aspect, ...colours } = augment;
    const channels = records.channels[key.row];
    this.#jobs.set(index, {
      offset: records.offset[key.row],
      size: records.size,
      channels,
      crop: drawCrop(key, records.size, area, aspect),
      ...drawColours(key, channels, colours),
      ...drawShape(key, records.size, channels, augment),
    });
  }

  #check(status: number, rows: readonly number[]): void {
    if (status === 0) return;
    const keys = rows.slice(0, 3).map((row) => this.#options.records.key(row)).join(", ");
    check(
      status,
      `pictures of ${this.#options.records.path} (rows ${keys}, …)`,
      status === STALE_HANDLE ? 0n : this.#context.handle,
    );
  }

  /** Ends the loader; batches in preparation are dropped. Safe to call twice. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    clearTimeout(this.#timer);
    this.#started.length = 0;
    this.#map[Symbol.dispose]();
    for (const { jobs, pixels } of this.#slots) {
      jobs[Symbol.dispose]();
      pixels[Symbol.dispose]();
    }
  }
}
