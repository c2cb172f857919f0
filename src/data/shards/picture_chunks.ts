import type { DecodeLimits } from "../images/decode_image.ts";
import type { ResizeFilter } from "../images/resize_image.ts";
import type { Fit } from "../images/square_picture.ts";
import { readAhead } from "./read_ahead.ts";
import { readTar, type ShardSample } from "./read_tar.ts";
import { pictureOf } from "./sample_parts.ts";
import { inBatches, joinSquares, type SquarePart, squarePixels } from "./square_batches.ts";

/** Some pictures of a shard and what was read beside each. */
export interface PictureChunk<Part> {
  /** uint8 [n, side, side, 3] */
  readonly pixels: Uint8Array;
  /** [n] */
  readonly parts: readonly Part[];
  /** Number of the shard they come from. */
  readonly shard: number;
}

/** Options of {@linkcode pictureChunks}. */
export interface PictureChunkOptions<Part> {
  /** Pixels per side. */
  readonly side: number;
  readonly filter: ResizeFilter;
  readonly fit: Fit;
  /** What else a sample must have: a label or a caption. A SyntaxError leaves the sample out. */
  readonly read: (sample: ShardSample) => Part;
  /** Told of each sample that is left out; the message begins with the kind of the fault. */
  readonly onSkip: (shard: string, at: number, key: string, message: string) => void;
  /** Samples read at once; what bounds the memory. Default 64. */
  readonly chunk?: number;
  readonly limits?: DecodeLimits;
  readonly signal?: AbortSignal;
}

/**
 * Streams webdataset shards as chunks of equal pictures, in the order of the shards. The next chunk is
 * decoded while the caller works on one, so memory holds two whatever the shards' size. A sample
 * without a whole picture or without its part is reported and left out.
 *
 * @throws {SyntaxError} when a shard is cut or damaged; names the file and the byte.
 * @throws what `read` throws other than a SyntaxError, with shard and key before the message.
 *
 * @example
 * ```ts ignore
 * const options = { side: 32, filter: "bilinear", fit: "squash", read: captionOf, onSkip() {} } as const;
 * for await (const { pixels, parts } of pictureChunks(["a.tar"], options)) console.log(parts);
 * ```
 */
export function pictureChunks<Part>(
  shards: readonly string[],
  options: PictureChunkOptions<Part>,
): AsyncGenerator<PictureChunk<Part>, void, void> {
  return readAhead(chunksOf(shards, options));
}

async function* chunksOf<Part>(
  shards: readonly string[],
  options: PictureChunkOptions<Part>,
): AsyncGenerator<PictureChunk<Part>, void, void> {
  const { chunk = 64, onSkip, signal } = options;
  for (const [number, shard] of shards.entries()) {
    const onBroken = ({ at, key, reason }: { at: number; key: string; reason: string }) =>
      onSkip(shard, at, key, `broken sample: ${reason}`);
    const samples = readTar(shard, { onBroken });
    const read = (sample: ShardSample) => prepare(sample, shard, options);
    for await (const ready of inBatches(samples, chunk, read, signal)) {
      const whole = ready.filter((sample) => sample !== undefined);
      if (whole.length > 0) yield { ...joinSquares(whole, options.side), shard: number };
    }
  }
}

/** One sample, or `undefined` when it is left out. */
async function prepare<Part>(
  sample: ShardSample,
  shard: string,
  options: PictureChunkOptions<Part>,
): Promise<SquarePart<Part> | undefined> {
  const { read, onSkip } = options;
  try {
    const part = read(sample);
    return { pixels: await squarePixels(pictureOf(sample), options), part };
  } catch (error) {
    if (error instanceof SyntaxError) {
      onSkip(shard, sample.at, sample.key, error.message);
      return undefined;
    }
    if (error instanceof Error) error.message = `${shard}, ${sample.key}: ${error.message}`;
    throw error;
  }
}
