import { basename } from "node:path";
import type { DecodeLimits } from "../images/decode_image.ts";
import { createRecordWriter, type RecordRow } from "../records/record_writer.ts";
import { readTar, type ShardSample } from "../shards/read_tar.ts";
import { type BakeForm, bakeSample, SHARD_FAMILY } from "./bake_sample.ts";
import { type SkippedReason, SkippedSamples } from "./skipped_samples.ts";

/** Options of {@linkcode bakeShards}. */
export interface BakeOptions extends BakeForm {
  /** Webdataset tars, in the order of their rows. */
  readonly shards: readonly string[];
  /** Record file to write. */
  readonly out: string;
  readonly limits?: DecodeLimits;
  /** Share of broken samples above which the shards are refused. Default 0.01. */
  readonly maxBroken?: number;
  /** Pictures decoded at the same time. Default: twice the cores. */
  readonly parallel?: number;
  readonly signal?: AbortSignal;
  /** Called about every hundred samples. */
  readonly onProgress?: (progress: BakeProgress) => void;
}

/** How far a bake is. */
export interface BakeProgress {
  readonly samples: number;
  readonly shard: number;
  readonly shards: number;
  /** Samples per second. */
  readonly rate: number;
}

/** What a bake gave. */
export interface BakeReport {
  readonly path: string;
  /** Rows written. */
  readonly count: number;
  readonly skipped: readonly SkippedReason[];
  readonly seconds: number;
}

/**
 * Bakes foreign webdataset shards (`key.png|jpg|webp` and `key.txt`) into one record file of small
 * square pictures, which the loader maps. Rows stand in the order of the shards, whichever picture is
 * decoded first; a broken sample is counted and left out. The file appears when it is whole.
 *
 * @throws {SyntaxError} when a shard is damaged, too many samples are broken, or none is left.
 * @throws the reason of the signal when it is aborted; no file is left behind.
 *
 * ```ts ignore
 * const { count, skipped } = await bakeShards({
 *   shards: ["cc3m-00000.tar"], out: "cc3m-64.bin", side: 64, filter: "bilinear", fit: "squash",
 * });
 * ```
 */
export async function bakeShards(options: BakeOptions): Promise<BakeReport> {
  const { shards, out, side, signal, onProgress } = options;
  const parallel = options.parallel ?? 2 * navigator.hardwareConcurrency;
  const skipped = new SkippedSamples(options.maxBroken ?? 0.01);
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1000;
  const lists = { families: [SHARD_FAMILY], sets: [SHARD_FAMILY] };
  using writer = createRecordWriter(out, { side, ...lists });
  let samples = 0;
  for (const [number, shard] of shards.entries()) {
    // In the order of the shard: the oldest is waited for, the later ones decode meanwhile.
    const pending: Promise<void>[] = [];
    const write = (sample: ShardSample, row: RecordRow | Error) => {
      samples++;
      if (row instanceof Error) skipped.add(shard, sample.at, sample.key, row.message);
      else writer.add(row);
      skipped.check(samples, false);
      if (samples % 100 === 0) {
        onProgress?.({ samples, shard: number, shards: shards.length, rate: samples / elapsed() });
      }
    };
    const onBroken = ({ at, key, reason }: { at: number; key: string; reason: string }) => {
      samples++;
      skipped.add(shard, at, key, `broken sample: ${reason}`);
    };
    let last: Promise<void> = Promise.resolve();
    // Pictures in decoding write to the file, so they are waited for before it is closed.
    await using _settled = { [Symbol.asyncDispose]: () => last.catch(() => {}) };
    for await (const sample of readTar(shard, { onBroken })) {
      signal?.throwIfAborted();
      const row = bakeOrFault(sample, basename(shard, ".tar"), options);
      const before = last;
      last = row.then(async (done) => {
        await before;
        write(sample, done);
      });
      // Whoever waits for it in turn gets the error.
      last.catch(() => {});
      pending.push(last);
      if (pending.length >= parallel) await pending.shift();
    }
    await last;
  }
  skipped.check(samples, true);
  if (writer.count === 0) {
    throw new SyntaxError(
      `${shards.length} shards hold no sample; allowed: tars with key.png|jpg|webp and key.txt`,
    );
  }
  signal?.throwIfAborted();
  const { path, count } = writer.close();
  return { path, count, skipped: skipped.reasons(), seconds: elapsed() };
}

/** The row, or what is wrong with the sample; an error of ours is thrown. */
async function bakeOrFault(
  sample: ShardSample,
  shard: string,
  options: BakeOptions,
): Promise<RecordRow | SyntaxError> {
  try {
    return await bakeSample(sample, shard, options, options.limits);
  } catch (error) {
    if (error instanceof SyntaxError) return error;
    throw error;
  }
}
