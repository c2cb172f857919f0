import { philox } from "../../tensor/random.ts";
import { shardName } from "../shards/shard_file.ts";
import { examineSample, type SampleDemands } from "./sample_filter.ts";
import type { SampleRef, StreamSample, WaitingRef } from "./sample_ref.ts";
import type { EntrySource } from "./shard_entries.ts";
import type { ShardSet } from "./shard_set.ts";
import {
  checkBroken,
  countReason,
  NO_COUNTS,
  type StreamCounts,
  sumReasons,
} from "./stream_counts.ts";
import { type LeftOut, type WalkedSample, type WalkPlace, walkShards } from "./walk_shards.ts";

/** Where a stream is: enough to go on exactly. Plain JSON. */
export interface StreamCursor extends WalkPlace {
  /** Tells the list of shards. */
  readonly shards: string;
  /** Draws from the buffer so far. */
  readonly drawn: number;
  readonly buffer: readonly SampleRef[];
  /** Samples that were put off because their caption was in the batch already, in order. */
  readonly waiting: readonly WaitingRef[];
  readonly counts: StreamCounts;
  /** Versions of the shards that are read again or further. */
  readonly versions: Readonly<Record<string, string>>;
}

/** What of a sample makes a row of a batch. */
export interface ChosenRow {
  /** No two rows of a batch have the same. */
  readonly phrase: string;
}

/** Options of {@linkcode SampleStream}. */
export interface SampleStreamOptions<Row extends ChosenRow> {
  readonly shards: ShardSet;
  readonly demands: SampleDemands;
  /** Samples in the shuffle buffer. */
  readonly buffer: number;
  /** Samples of an epoch; null = all. */
  readonly epoch: number | null;
  readonly maxBroken: number;
  readonly seed: number;
  /** A row of a sample, or why it makes none. */
  readonly choose: (sample: StreamSample) => Row | string;
  /** Where the entries of shards come from; default the shards themselves. */
  readonly source?: EntrySource;
  /** Most bytes of picture files kept in memory; the others are read again. Default 256 MiB. */
  readonly keepBytes?: number;
}

/** A row that was chosen for a batch. */
export interface PlannedRow<Row> {
  readonly sample: StreamSample;
  readonly row: Row;
}

/** A batch before its pictures are decoded. */
export interface PlannedBatch<Row> {
  readonly rows: readonly PlannedRow<Row>[];
  /** A row for one whose picture is unreadable: a function of the batch, the place and the attempt. */
  spare(place: number, attempt: number): Promise<PlannedRow<Row> | null>;
  /** Broken samples met on the way. */
  readonly broken: readonly LeftOut[];
  readonly cursor: StreamCursor;
}

/** A sample in the buffer; one of an earlier process is read again for its turn. */
interface Entry {
  readonly ref: SampleRef;
  sample: StreamSample | null;
}

/** Bytes of picture files that a stream keeps in memory. */
export const KEEP_BYTES = 256 * 2 ** 20;

const START: WalkPlace = { epoch: 0, position: 0, at: 0, taken: 0 };
const DRAW = 0x73687566; // "shuf"
const SPARE = 0x73706172; // "spar"
/** Samples before the first is drawn; from there the buffer grows by one a draw, so that a run starts soon. */
const WARM = 256;
/** Batches for which a sample waits until its caption is free. */
const MOST_WAITS = 4;

/**
 * The samples of shards in random order: shards in the order of the epoch, samples through a buffer from
 * which the next one is drawn. Everything is a function of the seed and the shards, so batches do not
 * depend on who prepares them, and a cursor goes on exactly: it holds where samples stand, not what
 * they are.
 *
 * A sample whose caption is in the batch already waits for the next ones, and is left out after four.
 */
export class SampleStream<Row extends ChosenRow> {
  readonly #options: SampleStreamOptions<Row>;
  readonly #walk: AsyncGenerator<WalkedSample, void, void>;
  readonly #buffer: Entry[] = [];
  readonly #epochs = new Map<number, number>();
  #waiting: { entry: Entry; waits: number }[] = [];
  #place: WalkPlace;
  #drawn: number;
  #counts: StreamCounts;
  #broken: LeftOut[] = [];
  #lastBroken = "";
  #peeked: WalkedSample | null = null;
  #held = 0;
  #mostHeld = 0;
  /** The shard of the newest sample. */
  #reading: number | null = null;

  /** @throws {RangeError} when the cursor belongs to another list of shards. */
  constructor(options: SampleStreamOptions<Row>, cursor?: StreamCursor) {
    const { shards } = options;
    if (cursor && cursor.shards !== shards.identity) {
      throw new RangeError(
        `data.shards: other shards than when the run was saved, now ${shards.names.length}; put the ` +
          "same ones back, or start anew with another --out",
      );
    }
    this.#options = options;
    const { epoch, position, at, taken } = cursor ?? START;
    this.#place = { epoch, position, at, taken };
    this.#drawn = cursor?.drawn ?? 0;
    this.#counts = cursor?.counts ?? NO_COUNTS;
    shards.expect(cursor?.versions ?? {});
    for (const ref of cursor?.buffer ?? []) this.#put({ ref, sample: null });
    this.#waiting = (cursor?.waiting ?? []).map(([epoch, shard, at, bytes, waits]) => ({
      entry: { ref: [epoch, shard, at, bytes], sample: null },
      waits,
    }));
    this.#walk = walkShards(options, this.#place);
  }

  /** Most bytes of picture files that were in memory at once. */
  get mostHeld(): number {
    return this.#mostHeld;
  }

  /** The next batch. One after the other: wait for it before asking for another. */
  async batch(size: number): Promise<PlannedBatch<Row>> {
    const first = this.#drawn;
    const rows: PlannedRow<Row>[] = [];
    const phrases = new Set<string>();
    const waiting: { entry: Entry; waits: number }[] = [];
    const offer = (sample: StreamSample, waits: number) => {
      const row = this.#options.choose(sample);
      if (typeof row === "string") return this.#drop(row, sample);
      if (rows.length < size && !phrases.has(row.phrase)) {
        phrases.add(row.phrase);
        rows.push({ sample, row });
      } else if (waits >= MOST_WAITS || waiting.length >= size) {
        this.#drop("caption of another in the batch", sample);
      } else waiting.push({ entry: { ref: sample.ref, sample }, waits: waits + 1 });
    };
    const old = this.#waiting;
    const oldSamples = await Promise.all(old.map(({ entry }) => this.#load(entry)));
    oldSamples.forEach((sample, i) => offer(sample, old[i].waits));
    const patience = 20 * size + this.#options.buffer;
    for (let looked = 0; rows.length < size;) {
      const drawn: Entry[] = [];
      for (let missing = size - rows.length; missing > 0; missing--) drawn.push(await this.#draw());
      for (const sample of await Promise.all(drawn.map((entry) => this.#load(entry)))) {
        offer(sample, 0);
      }
      looked += drawn.length;
      if (looked > patience) {
        throw new RangeError(
          `a batch of ${size} needs as many different captions; ${looked} samples have ` +
            `${phrases.size}; use a smaller batch or more data`,
        );
      }
    }
    this.#waiting = waiting;
    const spares = this.#buffer.length > 0 ? [...this.#buffer] : rows.map(({ sample }) => ({
      ref: sample.ref,
      sample,
    }));
    const broken = this.#broken;
    this.#broken = [];
    return {
      rows,
      broken,
      cursor: this.#cursor(),
      spare: async (place, attempt) => {
        const seed = this.#options.seed;
        const [word] = philox(
          seed,
          SPARE,
          first >>> 0,
          Math.floor(first / 2 ** 32),
          place,
          attempt,
        );
        const { ref } = spares[word % spares.length];
        const sample = await this.#read(ref);
        const row = this.#options.choose(sample);
        return typeof row === "string" ? null : { sample, row };
      },
    };
  }

  /** The picture file of a sample, read again where it is not in memory. */
  async picture(sample: StreamSample): Promise<Uint8Array> {
    return sample.picture ?? (await this.#read(sample.ref)).picture!;
  }

  /** To be called once for every row that {@linkcode batch} gave, when its picture is not needed any more. */
  release({ picture }: StreamSample): void {
    this.#held -= picture?.length ?? 0;
  }

  /** Ends the reading. */
  async close(): Promise<void> {
    await this.#walk.return();
  }

  async #draw(): Promise<Entry> {
    const { seed, buffer: most } = this.#options;
    while (this.#buffer.length < Math.min(most, WARM + this.#drawn)) {
      const next = await this.#peek();
      // Nothing of an epoch is shown while samples of the one before the last wait for their turn.
      const oldest = Math.min(...this.#epochs.keys());
      if (this.#buffer.length > 0 && next.next.epoch > oldest + 1) break;
      this.#take(next);
    }
    const drawn = this.#drawn++;
    const [word] = philox(seed, DRAW, drawn >>> 0, Math.floor(drawn / 2 ** 32), 0, 0);
    const index = word % this.#buffer.length;
    const entry = this.#buffer[index];
    const last = this.#buffer.pop()!;
    if (index < this.#buffer.length) this.#buffer[index] = last;
    const [epoch] = entry.ref;
    const left = this.#epochs.get(epoch)! - 1;
    if (left === 0) this.#epochs.delete(epoch);
    else this.#epochs.set(epoch, left);
    return entry;
  }

  async #peek(): Promise<WalkedSample> {
    if (this.#peeked === null) {
      const { value, done } = await this.#walk.next();
      if (done) throw new Error("the stream was closed; make a new one");
      this.#peeked = value;
    }
    return this.#peeked;
  }

  #take({ sample, leftOut, next }: WalkedSample): void {
    const { maxBroken } = this.#options;
    const atEnd = next.epoch > this.#place.epoch;
    let { read, dropped, broken } = this.#counts;
    for (const { kind, reason } of leftOut) {
      if (kind === "broken") broken = countReason(broken, reason);
      else dropped = countReason(dropped, reason);
    }
    read += 1 + leftOut.length;
    this.#counts = { ...this.#counts, read, dropped, broken };
    const damaged = leftOut.filter(({ kind }) => kind === "broken");
    this.#broken.push(...damaged);
    this.#lastBroken = damaged.at(-1)?.message ?? this.#lastBroken;
    checkBroken("samples", sumReasons(broken), read, maxBroken, this.#lastBroken, atEnd);
    this.#peeked = null;
    this.#place = next;
    this.#reading = sample.ref[1];
    this.#put({ ref: sample.ref, sample: this.#hold(sample) });
  }

  #put(entry: Entry): void {
    this.#buffer.push(entry);
    const [epoch] = entry.ref;
    this.#epochs.set(epoch, (this.#epochs.get(epoch) ?? 0) + 1);
  }

  /** The sample with its picture file, or without where there is no room for it. */
  #hold(sample: StreamSample): StreamSample {
    const bytes = sample.picture?.length ?? 0;
    if (this.#held + bytes > (this.#options.keepBytes ?? KEEP_BYTES)) {
      return { ...sample, picture: null };
    }
    this.#held += bytes;
    this.#mostHeld = Math.max(this.#mostHeld, this.#held);
    return sample;
  }

  async #load(entry: Entry): Promise<StreamSample> {
    return entry.sample ?? this.#hold(await this.#read(entry.ref));
  }

  async #read(ref: SampleRef): Promise<StreamSample> {
    const { shards, demands } = this.#options;
    const [, shard, at, bytes] = ref;
    const found = await shards.sample(shard, at, bytes);
    const examined = await examineSample(found, demands);
    const name = shards.names[shard];
    if (!("captions" in examined)) {
      throw new SyntaxError(`${name}, byte ${at}: the sample is not what it was; start anew`);
    }
    return { ref, key: `${shardName(name)}:${found.key}`, ...examined };
  }

  #drop(reason: string, sample: StreamSample): void {
    this.#counts = { ...this.#counts, dropped: countReason(this.#counts.dropped, reason) };
    this.release(sample);
  }

  #cursor(): StreamCursor {
    const { shards } = this.#options;
    const buffer = this.#buffer.map(({ ref }) => ref);
    const waiting = this.#waiting.map(({ entry, waits }): WaitingRef => [...entry.ref, waits]);
    const used = [...buffer, ...waiting].map((ref) => ref[1]);
    if (this.#reading !== null) used.push(this.#reading);
    return {
      ...this.#place,
      shards: shards.identity,
      drawn: this.#drawn,
      buffer,
      waiting,
      counts: this.#counts,
      versions: shards.versions(used),
    };
  }
}
