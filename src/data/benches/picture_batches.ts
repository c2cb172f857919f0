import { readAhead } from "../shards/read_ahead.ts";
import {
  inBatches,
  joinSquares,
  type SquareOptions,
  type SquarePart,
  squarePixels,
} from "../shards/square_batches.ts";
import type { BenchPart, BenchPicture, OnBroken } from "./bench_source.ts";

/** Some pictures of a part, prepared, and what belongs to each. */
export interface PictureBatch<Part> {
  /** uint8 [n, side, side, 3] */
  readonly pixels: Uint8Array;
  /** [n] */
  readonly parts: readonly Part[];
}

/** How pictures are prepared. */
export interface BatchOptions extends SquareOptions {
  /** Pictures read at once; what bounds the memory. Default 64. */
  readonly batch?: number;
  readonly signal?: AbortSignal;
  readonly onBroken: OnBroken;
}

/**
 * The pictures of one part, in order, as batches of equal squares; the next batch is decoded while the
 * caller works on one. A picture that is missing or cannot be decoded is reported and left out.
 *
 * @throws what the part throws.
 */
export function pictureBatches<Part>(
  part: BenchPart<Part>,
  options: BatchOptions,
): AsyncGenerator<PictureBatch<Part>, void, void> {
  return readAhead(batchesOf(part, options));
}

async function* batchesOf<Part>(
  part: BenchPart<Part>,
  options: BatchOptions,
): AsyncGenerator<PictureBatch<Part>, void, void> {
  const { batch = 64, side, signal, onBroken } = options;
  const pictures = part.pictures(onBroken);
  for await (const ready of inBatches(pictures, batch, (each) => prepare(each, options), signal)) {
    const whole: SquarePart<Part>[] = [];
    for (const picture of ready) {
      if ("message" in picture) onBroken(picture.key, picture.message);
      else whole.push(picture);
    }
    if (whole.length > 0) yield joinSquares(whole, side);
  }
}

/** Why a picture is left out. */
interface Fault {
  readonly key: string;
  readonly message: string;
}

async function prepare<Part>(
  { key, part, bytes }: BenchPicture<Part>,
  options: BatchOptions,
): Promise<SquarePart<Part> | Fault> {
  try {
    return { pixels: await squarePixels(await bytes(), options), part };
  } catch (error) {
    if (error instanceof SyntaxError) return { key, message: error.message };
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { key, message: "missing picture: no such file" };
  }
}
