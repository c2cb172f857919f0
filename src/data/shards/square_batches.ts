import { decodeImage, type DecodeLimits } from "../images/decode_image.ts";
import type { ResizeFilter } from "../images/resize_image.ts";
import { type EvalFit, squarePicture, writeRgb } from "../images/square_picture.ts";

/** A picture as an equal square, and what belongs to it. */
export interface SquarePart<Part> {
  /** uint8 [side, side, 3] */
  readonly pixels: Uint8Array;
  readonly part: Part;
}

/** How pictures become squares. */
export interface SquareOptions {
  /** Pixels per side. */
  readonly side: number;
  readonly filter: ResizeFilter;
  readonly fit: EvalFit;
  readonly limits?: DecodeLimits;
}

/**
 * Decodes a picture file into a square: uint8 [side, side, 3].
 *
 * @throws {SyntaxError} when it is no whole picture.
 */
export async function squarePixels(
  bytes: Uint8Array,
  options: SquareOptions,
): Promise<Uint8Array> {
  const picture = squarePicture(await decodeImage(bytes, options.limits), options);
  const pixels = new Uint8Array(options.side ** 2 * 3);
  writeRgb(picture, pixels, 0);
  return pixels;
}

/**
 * Prepares items of a stream, `size` of them at once, and gives them back in their order, whichever
 * was ready first. The last batch may be smaller, none is empty.
 *
 * @throws what the stream or `prepare` throws.
 */
export async function* inBatches<Item, Ready>(
  items: Iterable<Item> | AsyncIterable<Item>,
  size: number,
  prepare: (item: Item) => Promise<Ready>,
  signal?: AbortSignal,
): AsyncGenerator<Ready[], void, void> {
  let waiting: Promise<Ready>[] = [];
  for await (const item of items) {
    signal?.throwIfAborted();
    const ready = prepare(item);
    ready.catch(() => {}); // whoever takes it gets the error
    waiting.push(ready);
    if (waiting.length < size) continue;
    const full = waiting;
    waiting = [];
    yield await Promise.all(full);
  }
  if (waiting.length > 0) yield await Promise.all(waiting);
}

/** Squares as one array, uint8 [n, side, side, 3], and their parts. */
export function joinSquares<Part>(
  squares: readonly SquarePart<Part>[],
  side: number,
): { pixels: Uint8Array; parts: Part[] } {
  const one = side * side * 3;
  const pixels = new Uint8Array(squares.length * one);
  squares.forEach((square, i) => pixels.set(square.pixels, i * one));
  return { pixels, parts: squares.map(({ part }) => part) };
}
