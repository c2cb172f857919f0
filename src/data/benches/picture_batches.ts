import { decodeImage, type DecodeLimits } from "../images/decode_image.ts";
import type { ResizeFilter } from "../images/resize_image.ts";
import { type EvalFit, squarePicture, writeRgb } from "../images/square_picture.ts";
import { readAhead } from "../shards/read_ahead.ts";
import type { BenchPart, BenchPicture, OnBroken } from "./bench_source.ts";

/** Some pictures of a part, prepared, and what belongs to each. */
export interface PictureBatch<Part> {
  /** uint8 [n, side, side, 3] */
  readonly pixels: Uint8Array;
  /** [n] */
  readonly parts: readonly Part[];
}

/** How pictures are prepared. */
export interface BatchOptions {
  /** Pixels per side. */
  readonly side: number;
  readonly filter: ResizeFilter;
  readonly fit: EvalFit;
  /** Pictures read at once; what bounds the memory. Default 64. */
  readonly batch?: number;
  readonly limits?: DecodeLimits;
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
  const { batch = 64, signal, onBroken } = options;
  let waiting: Promise<Prepared<Part> | Fault>[] = [];
  const settle = async () => {
    const ready: Prepared<Part>[] = [];
    // In their order, whichever was decoded first.
    for (const picture of await Promise.all(waiting)) {
      if ("message" in picture) onBroken(picture.key, picture.message);
      else ready.push(picture);
    }
    waiting = [];
    return join(ready, options.side);
  };
  for await (const picture of part.pictures(onBroken)) {
    signal?.throwIfAborted();
    const ready = prepare(picture, options);
    ready.catch(() => {});
    waiting.push(ready);
    if (waiting.length < batch) continue;
    const full = await settle();
    if (full.parts.length > 0) yield full;
  }
  const rest = await settle();
  if (rest.parts.length > 0) yield rest;
}

interface Prepared<Part> {
  /** uint8 [side, side, 3] */
  readonly pixels: Uint8Array;
  readonly part: Part;
}

/** Why a picture is left out. */
interface Fault {
  readonly key: string;
  readonly message: string;
}

async function prepare<Part>(
  { key, part, bytes }: BenchPicture<Part>,
  options: BatchOptions,
): Promise<Prepared<Part> | Fault> {
  const { side, limits } = options;
  try {
    const picture = squarePicture(await decodeImage(await bytes(), limits), options);
    const pixels = new Uint8Array(side * side * 3);
    writeRgb(picture, pixels, 0);
    return { pixels, part };
  } catch (error) {
    if (error instanceof SyntaxError) return { key, message: error.message };
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { key, message: "missing picture: no such file" };
  }
}

function join<Part>(pictures: readonly Prepared<Part>[], side: number): PictureBatch<Part> {
  const one = side * side * 3;
  const pixels = new Uint8Array(pictures.length * one);
  pictures.forEach((picture, i) => pixels.set(picture.pixels, i * one));
  return { pixels, parts: pictures.map(({ part }) => part) };
}
