import sharp from "sharp";
import type { StreamRecipe } from "../../config/recipe.ts";
import type { NativeContext } from "../../native/context.ts";
import { drawCrop, type DrawKey } from "../augment/draw_crop.ts";
import { decodeImage, type DecodeLimits } from "../images/decode_image.ts";
import {
  type DecodeKind,
  decodeScaled,
  fullPicture,
  type ScaledPicture,
  shrinkFor,
} from "../images/scaled_jpeg.ts";
import type { LoadedBatch, PairMask } from "../loader/pair_loader.ts";
import { type OpenShard, openShardOnDisk } from "../shards/shard_file.ts";
import { type CaptionRow, captionRow, type CaptionRowsOptions } from "./caption_rows.ts";
import { Lanes } from "./lanes.ts";
import { type PictureForm, PictureLane } from "./picture_lane.ts";
import {
  type PlannedBatch,
  type PlannedRow,
  SampleStream,
  type StreamCursor,
} from "./sample_stream.ts";
import { indexedEntries } from "./shard_index.ts";
import { ShardSet } from "./shard_set.ts";
import { checkBroken } from "./stream_counts.ts";

/** What a stream's batches are made of. */
export interface StreamLoaderOptions extends CaptionRowsOptions, PictureForm {
  /** Paths or addresses of the shards, in an order that stays. */
  readonly shards: readonly string[];
  readonly stream: StreamRecipe;
  /** Pairs in a batch. */
  readonly batch: number;
  /** Prepare only the part of each batch that belongs to one of several ranks. Default all of it. */
  readonly share?: { readonly rank: number; readonly size: number };
  /**
   * Folder for indexes of the shards, the same on all ranks. With it and several ranks each reads its part
   * of the shards and the pictures of its own rows; without, each reads all shards.
   */
  readonly indexDir?: string;
  /** Which patches of a picture the tower sees; default all. */
  readonly mask?: PairMask;
  readonly cursor?: StreamCursor;
  /** Batches prepared ahead. Default 2. */
  readonly prefetch?: number;
  /** Pictures decoded beside each other. Default: the cores. The batches are the same for any number. */
  readonly workers?: number;
  /** How shards are opened. Default: on disk. */
  readonly open?: OpenShard;
  /** Most bytes of picture files kept in memory; the others are read again. Default 256 MiB. */
  readonly keepBytes?: number;
  /** How JPEGs are decoded; default exact. */
  readonly decode?: DecodeKind;
  readonly limits?: DecodeLimits;
}

interface Slot {
  readonly images: Uint8Array<ArrayBuffer>;
  readonly tokens: Int32Array<ArrayBuffer>;
  readonly kept?: Int32Array<ArrayBuffer>;
}

interface PreparedBatch extends LoadedBatch<string, StreamCursor> {
  readonly broken: readonly string[];
  readonly unreadable: number;
}

/** A picture that could not be decoded, and for which another was taken. */
interface Unreadable {
  readonly place: number;
  readonly message: string;
}

/** Picture files read before their turn to be decoded: a server takes a while to answer. */
const FILES_AHEAD = 32;
/** Other samples tried for one that is unreadable, before the data counts as hopeless. */
const MOST_SPARES = 64;

/**
 * Batches of pairs straight from webdataset shards: samples in random order, a random caption, a random
 * crop and colours for each. Pictures are decoded and prepared beside the training step.
 *
 * The batches are a pure function of the options but `workers`, `prefetch`, `keepBytes` and `share`, of
 * which each rank gets its part; a cursor goes on exactly. A picture that cannot be decoded is replaced
 * by another sample of the buffer, so that the places of the others stay; it is named and counted.
 *
 * Memory: the picture files in the buffer, at most `keepBytes`, and some that are about to be decoded; `prefetch` + 1 batches of pixels and
 * tokens; for each worker a decoded picture, of at most `limits.maxPixels`; and the captions of buffer
 * and batches.
 *
 * Dispose it by `await using`: a process must not end while pictures are being decoded.
 *
 * ```ts ignore
 * await using loader = new StreamLoader(context, { shards: ["00000.tar"], stream, batch: 256, ... });
 * const { images, tokens, cursor } = await loader.next();
 * ```
 */
export class StreamLoader implements Disposable, AsyncDisposable {
  readonly #options: StreamLoaderOptions;
  readonly #count: number;
  readonly #first: number;
  readonly #prefetch: number;
  readonly #stop = new AbortController();
  readonly #stream: SampleStream<CaptionRow>;
  readonly #pictures: readonly PictureLane[];
  readonly #lanes: Lanes<PictureLane>;
  readonly #places: Lanes<number>;
  readonly #index: ReturnType<typeof indexedEntries> | undefined;
  readonly #slots: readonly Slot[];
  readonly #started: Promise<PreparedBatch>[] = [];
  #planned: Promise<unknown> = Promise.resolve();
  #decoded: number;
  #unreadable: number;
  #lastUnreadable = "";
  #made = 0;
  #closed: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param context Whose memory the pictures are prepared in. */
  constructor(context: NativeContext, options: StreamLoaderOptions) {
    const { batch, share = { rank: 0, size: 1 }, prefetch = 2, stream, cursor } = options;
    const { workers = navigator.hardwareConcurrency } = options;
    if (batch % share.size !== 0) {
      throw new RangeError(`a batch of ${batch} cannot be shared equally by ${share.size} ranks`);
    }
    if (!(Number.isInteger(workers) && workers >= 1 && workers <= 1024)) {
      throw new RangeError(`workers: seen ${workers}; allowed: 1 to 1024; set CLIPA_WORKERS`);
    }
    this.#options = options;
    this.#count = batch / share.size;
    this.#first = share.rank * this.#count;
    this.#prefetch = prefetch;
    const { signal } = this.#stop;
    const shards = new ShardSet(options.shards, options.open ?? openShardOnDisk, signal);
    const dir = share.size > 1 ? options.indexDir : undefined;
    this.#index = dir === undefined
      ? undefined
      : indexedEntries({ shards, demands: stream, dir, share, signal });
    this.#stream = new SampleStream({
      shards,
      source: this.#index,
      demands: stream,
      buffer: stream.buffer,
      epoch: stream.epoch,
      maxBroken: stream.maxBroken,
      seed: options.seed,
      choose: (sample) => captionRow(sample, options),
      keepBytes: options.keepBytes,
    }, cursor);
    this.#decoded = cursor?.counts.decoded ?? 0;
    this.#unreadable = cursor?.counts.unreadable ?? 0;
    // The lanes are what runs beside each other.
    sharp.concurrency(1);
    this.#pictures = Array.from({ length: workers }, () => new PictureLane(context, options));
    this.#lanes = new Lanes(this.#pictures);
    this.#places = new Lanes(Array.from({ length: workers + FILES_AHEAD }, (_, i) => i));
    // One slot more than are prepared ahead: the batch that the trainer holds.
    this.#slots = Array.from({ length: prefetch + 1 }, () => ({
      images: new Uint8Array(this.#count * 3 * options.size ** 2),
      tokens: new Int32Array(this.#count * options.textTokens),
      kept: options.mask && new Int32Array(this.#count * options.mask.tokens),
    }));
    this.#fill();
  }

  /** Most bytes of picture files that were in memory at once. */
  get mostHeld(): number {
    return this.#stream.mostHeld;
  }

  /**
   * The next batch; those after it are prepared meanwhile.
   *
   * @throws {SyntaxError} when a shard is damaged or has changed, or too many samples are broken.
   */
  async next(): Promise<LoadedBatch<string, StreamCursor>> {
    this.#stop.signal.throwIfAborted();
    if (this.#started.length === 0) this.#start();
    const { unreadable, cursor, ...batch } = await this.#started.shift()!;
    this.#decoded += this.#count;
    this.#unreadable += unreadable;
    if (unreadable > 0) this.#lastUnreadable = batch.broken.at(-1)!;
    const { maxBroken } = this.#options.stream;
    const last = this.#lastUnreadable;
    checkBroken("pictures", this.#unreadable, this.#decoded, maxBroken, last);
    // Later, so that the caller's step is on its way before this thread draws crops and captions.
    if (!this.#stop.signal.aborted) this.#timer ??= setTimeout(() => this.#fill(), 0);
    const counts = { ...cursor.counts, decoded: this.#decoded, unreadable: this.#unreadable };
    return { ...batch, cursor: { ...cursor, counts } };
  }

  #fill(): void {
    this.#timer = undefined;
    while (this.#started.length < this.#prefetch) this.#start();
  }

  #start(): void {
    const slot = this.#slots[this.#made++ % this.#slots.length];
    const plan = this.#planned.then(() => this.#stream.batch(this.#options.batch));
    this.#planned = plan;
    const promise = plan.then((batch) => this.#prepare(batch, slot));
    // The error belongs to whoever awaits the batch.
    plan.catch(() => {});
    promise.catch(() => {});
    this.#started.push(promise);
  }

  async #prepare(plan: PlannedBatch<CaptionRow>, slot: Slot): Promise<PreparedBatch> {
    const end = this.#first + this.#count;
    const own = plan.rows.slice(this.#first, end);
    for (const { sample } of [...plan.rows.slice(0, this.#first), ...plan.rows.slice(end)]) {
      this.#stream.release(sample);
    }
    const unreadable: Unreadable[] = [];
    const rows = await Promise.all(
      own.map((row, place) =>
        this.#places.run(() => this.#fillPlace(plan, row, place, slot, unreadable))
      ),
    );
    unreadable.sort((a, b) => a.place - b.place);
    const broken = [...plan.broken, ...unreadable].map(({ message }) => message);
    return {
      images: slot.images,
      tokens: slot.tokens,
      kept: slot.kept,
      rows,
      broken,
      unreadable: unreadable.length,
      cursor: plan.cursor,
    };
  }

  /** Puts a row into its place of the batch; or another one, when its picture cannot be decoded. */
  async #fillPlace(
    plan: PlannedBatch<CaptionRow>,
    planned: PlannedRow<CaptionRow>,
    place: number,
    slot: Slot,
    unreadable: Unreadable[],
  ): Promise<string> {
    const { size, textTokens, mask } = this.#options;
    const bytes = 3 * size ** 2;
    const out = slot.images.subarray(place * bytes, (place + 1) * bytes);
    let found: PlannedRow<CaptionRow> | null = null;
    for (let attempt = 0; found === null; attempt++) {
      this.#stop.signal.throwIfAborted();
      if (attempt > MOST_SPARES) throw new SyntaxError(unreadable.at(-1)!.message);
      const taken = attempt === 0 ? planned : await plan.spare(this.#first + place, attempt - 1);
      if (taken === null) continue;
      const { sample, row } = taken;
      try {
        const file = await this.#stream.picture(sample);
        await this.#lanes.run(async (lane) => {
          const picture = await this.#decode(file, row.key);
          this.#stop.signal.throwIfAborted();
          await lane.render(picture, row.key, out);
        });
        found = taken;
      } catch (error) {
        if (!(error instanceof SyntaxError && error.message.startsWith("unreadable"))) throw error;
        unreadable.push({ place, message: `${sample.key}: ${error.message}` });
      } finally {
        if (attempt === 0) this.#stream.release(planned.sample);
      }
    }
    const { row, sample } = found;
    slot.tokens.set(row.tokens, place * textTokens);
    mask?.keep(row.key, slot.kept!, place * mask.tokens);
    return sample.key;
  }

  async #decode(file: Uint8Array, key: DrawKey): Promise<ScaledPicture> {
    const { size, augment: { area, aspect }, decode = "exact", limits } = this.#options;
    if (decode === "exact") return fullPicture(await decodeImage(file, limits));
    return await decodeScaled(
      file,
      (full) => shrinkFor(drawCrop(key, full, area, aspect), size),
      limits,
    );
  }

  /** Ends the loader; batches in preparation are dropped. Safe to call twice. */
  [Symbol.dispose](): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort(new Error("the loader was disposed; make a new one"));
    clearTimeout(this.#timer);
    this.#started.length = 0;
    this.#closed = this.#stream.close().catch(() => {});
    for (const picture of this.#pictures) picture[Symbol.dispose]();
  }

  /** Ends the loader and waits until nothing of it runs any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
    await this.#planned.catch(() => {});
    await this.#closed;
    await this.#places.idle();
    await this.#lanes.idle();
    await this.#index?.[Symbol.asyncDispose]();
  }
}
