import { createHash } from "node:crypto";
import sharp from "sharp";
import { SkippedSamples } from "../bake/skipped_samples.ts";
import type { SkippedReason } from "../bake/skipped_samples.ts";
import { decodeImage, type DecodeLimits } from "../images/decode_image.ts";
import { pictureSize } from "../images/picture_size.ts";
import { readTar, type ShardSample } from "../shards/read_tar.ts";
import { type OpenShard, shardName } from "../shards/shard_file.ts";
import { pictureOf } from "../shards/sample_parts.ts";
import { openShard } from "../stream/open_shard.ts";
import { captionsOfSample } from "../stream/sample_filter.ts";
import { philox } from "../../tensor/random.ts";
import { roughLanguage } from "./rough_language.ts";
import { type Spread, Tally } from "./tally.ts";

/** A sample for a preview. */
export interface StatsExample {
  readonly key: string;
  readonly captions: readonly string[];
  readonly width: number;
  readonly height: number;
  /** PNG of at most 128 pixels a side. */
  readonly thumbnail: Uint8Array;
}

/** What some shards hold. */
export interface ShardStats {
  readonly shards: number;
  readonly samples: number;
  /** Of the shards' members, headers included. */
  readonly bytes: number;
  /** Samples by the extensions of their files. */
  readonly files: Readonly<Record<string, number>>;
  /** Whole pictures by format, as their content says. */
  readonly formats: Readonly<Record<string, number>>;
  readonly pictureBytes: Spread;
  /** Pixels. */
  readonly shortSide: Spread;
  readonly longSide: Spread;
  /** The longer side over the shorter, in hundredths. */
  readonly aspect: Spread;
  /** Captions of a sample. */
  readonly captions: Spread;
  /** Words of a caption. */
  readonly words: Spread;
  /** Captions by language, roughly. */
  readonly languages: Readonly<Record<string, number>>;
  /** Samples whose picture file, or whose first caption, was seen in an earlier one. */
  readonly duplicates: { readonly pictures: number; readonly captions: number };
  /** Samples that a training would leave out. */
  readonly broken: readonly SkippedReason[];
  readonly examples: readonly StatsExample[];
  readonly seconds: number;
}

/** Options of {@linkcode shardStats}. */
export interface ShardStatsOptions {
  /** Fields that hold captions, as in `data.stream.captions`. Default `[txt]`. */
  readonly captions?: readonly string[];
  /** Samples to show. Default 48. */
  readonly examples?: number;
  /** Pictures decoded at the same time. Default: the cores. */
  readonly parallel?: number;
  readonly open?: OpenShard;
  readonly limits?: DecodeLimits;
  readonly signal?: AbortSignal;
  /** Called about every hundred samples. */
  readonly onProgress?: (samples: number, shard: number, shards: number) => void;
}

const WORD_EDGES = [0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 30, 50, 100];
const SIDE_EDGES = [0, 32, 64, 96, 128, 192, 224, 256, 336, 384, 512, 768, 1024, 2048];
const ASPECT_EDGES = [100, 110, 125, 150, 200, 300, 500];
const BYTE_EDGES = [0, 1000, 3000, 10_000, 20_000, 30_000, 50_000, 100_000, 300_000, 1_000_000];
const CAPTION_EDGES = [0, 1, 2, 3, 5, 10];
const THUMBNAIL = 128;
const PURPOSE = 0x73746174; // "stat"

/** What was found out about one sample. */
type Looked =
  | { readonly problem: string }
  | {
    readonly captions: readonly string[];
    readonly width: number;
    readonly height: number;
    readonly format: string;
    readonly picture: Uint8Array;
  };

/**
 * Reads every sample of some shards, decodes every picture, and says what is there: what a training would
 * see and what it would leave out. Duplicates are equal files and equal captions, by 52 bits of a hash.
 *
 * Memory: some pictures being decoded, and about 100 bytes a sample for finding duplicates.
 *
 * @throws {SyntaxError} when a shard is damaged.
 */
export async function shardStats(
  shards: readonly string[],
  options: ShardStatsOptions = {},
): Promise<ShardStats> {
  const { open = openShard, signal, parallel = navigator.hardwareConcurrency } = options;
  const start = performance.now();
  sharp.concurrency(1);
  const stats = new Gathering(options);
  for (const [number, name] of shards.entries()) {
    const file = await open(name, signal);
    using input = file.from(0);
    const pending: Promise<void>[] = [];
    let last: Promise<void> = Promise.resolve();
    // A process must not end while pictures are being decoded.
    await using _settled = {
      async [Symbol.asyncDispose]() {
        await Promise.allSettled(pending);
      },
    };
    const onBroken = ({ at, key, reason }: { at: number; key: string; reason: string }) =>
      stats.leaveOut(file.name, at, key, `broken sample: ${reason}`);
    for await (const sample of readTar(input, { onBroken })) {
      signal?.throwIfAborted();
      const looked = look(sample, options);
      const before = last;
      last = looked.then(async (found) => {
        await before;
        await stats.add(file.name, number, sample, found);
        if (stats.samples % 100 === 0) options.onProgress?.(stats.samples, number, shards.length);
      });
      // Whoever waits for it in turn gets the error.
      last.catch(() => {});
      pending.push(last);
      if (pending.length >= parallel) await pending.shift();
    }
    await last;
  }
  return stats.result(shards.length, (performance.now() - start) / 1000);
}

async function look(sample: ShardSample, options: ShardStatsOptions): Promise<Looked> {
  try {
    const picture = pictureOf(sample);
    const captions = captionsOfSample(sample, options.captions ?? ["txt"]).flat();
    const { format } = await pictureSize(picture);
    const { width, height } = await decodeImage(picture, options.limits);
    return { captions, width, height, format, picture };
  } catch (error) {
    if (error instanceof SyntaxError) return { problem: error.message };
    throw error;
  }
}

class Gathering {
  samples = 0;
  readonly #options: ShardStatsOptions;
  readonly #files = new Map<string, number>();
  readonly #formats = new Map<string, number>();
  readonly #languages = new Map<string, number>();
  readonly #pictureBytes = new Tally();
  readonly #shortSide = new Tally();
  readonly #longSide = new Tally();
  readonly #aspect = new Tally();
  readonly #captions = new Tally();
  readonly #words = new Tally();
  readonly #pictures = new Set<number>();
  readonly #texts = new Set<number>();
  readonly #skipped = new SkippedSamples(1);
  readonly #examples: (StatsExample & { rank: number; order: number })[] = [];
  #bytes = 0;
  #samePictures = 0;
  #sameCaptions = 0;

  constructor(options: ShardStatsOptions) {
    this.#options = options;
  }

  leaveOut(shard: string, at: number, key: string, problem: string): void {
    this.samples++;
    this.#skipped.add(shard, at, key, problem);
  }

  async add(shard: string, number: number, sample: ShardSample, found: Looked): Promise<void> {
    const { key, at, end, files } = sample;
    this.#bytes += end - at;
    for (const extension of files.keys()) count(this.#files, extension);
    if ("problem" in found) return this.leaveOut(shard, at, key, found.problem);
    const { captions, width, height, format, picture } = found;
    if (captions.length === 0) return this.leaveOut(shard, at, key, "no caption");
    this.samples++;
    count(this.#formats, format);
    this.#pictureBytes.add(picture.length);
    this.#shortSide.add(Math.min(width, height));
    this.#longSide.add(Math.max(width, height));
    this.#aspect.add(Math.round(100 * Math.max(width, height) / Math.min(width, height)));
    this.#captions.add(captions.length);
    for (const text of captions) {
      this.#words.add(text.split(" ").length);
      count(this.#languages, roughLanguage(text));
    }
    if (isKnown(this.#pictures, picture)) this.#samePictures++;
    if (isKnown(this.#texts, captions[0].toLowerCase())) this.#sameCaptions++;
    await this.#show(`${shardName(shard)}:${key}`, number, at, found);
  }

  /** The samples of the lowest ranks are shown: a fair choice that needs no second reading. */
  async #show(
    key: string,
    shard: number,
    at: number,
    { captions, width, height, picture }: Exclude<Looked, { problem: string }>,
  ): Promise<void> {
    const { examples: most = 48 } = this.#options;
    const [rank] = philox(0, PURPOSE, shard, at >>> 0, Math.floor(at / 2 ** 32), 0);
    const list = this.#examples;
    if (most === 0 || (list.length === most && rank >= list[most - 1].rank)) return;
    const png = await sharp(picture, { ignoreIcc: true }).flatten({ background: "#fff" })
      .resize(THUMBNAIL, THUMBNAIL, { fit: "inside", withoutEnlargement: true })
      .toColourspace("srgb").png().toBuffer();
    const order = this.samples;
    list.push({ key, captions, width, height, thumbnail: new Uint8Array(png), rank, order });
    list.sort((a, b) => a.rank - b.rank);
    if (list.length > most) list.pop();
  }

  result(shards: number, seconds: number): ShardStats {
    const examples = [...this.#examples].sort((a, b) => a.order - b.order)
      .map(({ rank: _rank, order: _order, ...example }) => example);
    return {
      shards,
      samples: this.samples,
      bytes: this.#bytes,
      files: byCount(this.#files),
      formats: byCount(this.#formats),
      pictureBytes: this.#pictureBytes.spread(BYTE_EDGES),
      shortSide: this.#shortSide.spread(SIDE_EDGES),
      longSide: this.#longSide.spread(SIDE_EDGES),
      aspect: this.#aspect.spread(ASPECT_EDGES),
      captions: this.#captions.spread(CAPTION_EDGES),
      words: this.#words.spread(WORD_EDGES),
      languages: byCount(this.#languages),
      duplicates: { pictures: this.#samePictures, captions: this.#sameCaptions },
      broken: this.#skipped.reasons(),
      examples,
      seconds,
    };
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function byCount(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort((a, b) => b[1] - a[1]));
}

/** Whether something was seen before; it is from now on. */
function isKnown(seen: Set<number>, content: Uint8Array | string): boolean {
  const hash = createHash("sha256").update(content).digest();
  const short = hash.readUIntBE(0, 6) * 16 + (hash[6] >> 4);
  if (seen.has(short)) return true;
  seen.add(short);
  return false;
}
