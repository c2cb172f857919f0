import { pictureBatches } from "../../data/benches/picture_batches.ts";
import type { BenchPart, BenchSource } from "../../data/benches/bench_source.ts";
import type { SkippedReason } from "../../data/bake/skipped_samples.ts";
import type { EvalFit } from "../../data/images/square_picture.ts";
import type { ResizeFilter } from "../../data/images/resize_image.ts";
import type { EvalEncoder } from "../eval_encoder.ts";
import { BrokenPictures } from "./broken_pictures.ts";
import type { PartialStore } from "./partial_store.ts";

/** How a benchmark's pictures are evaluated. */
export interface SourceOptions {
  /** Name in the results; a published name is refused for another size. */
  readonly bench: string;
  readonly split: string;
  readonly fit: EvalFit;
  /** Default the model's. */
  readonly filter?: ResizeFilter;
  /** Pictures read at once. Default 64. */
  readonly batch?: number;
  /** Where finished parts are kept; null keeps none. */
  readonly store: PartialStore | null;
  readonly signal?: AbortSignal;
  /** Called with the prompts that are done, of all; before the pictures. */
  readonly onPrompts?: (done: number, total: number) => void;
  /** Retrieval: called with the pictures that were compared with all captions; after the pictures. */
  readonly onRanked?: (done: number, total: number) => void;
  /**
   * Called with the pictures finished, all of them, and how many of the finished ones come from an
   * earlier call.
   */
  readonly onProgress?: (done: number, total: number, before: number) => void;
}

/** Embeddings of a batch and what belongs to each picture. */
export type TakeBatch<Part> = (
  features: Float32Array,
  parts: readonly Part[],
) => void | Promise<void>;

/** Samples of a source, broken ones included; nothing is decoded. */
export async function countSource<Part>(
  source: BenchSource<Part>,
  signal?: AbortSignal,
): Promise<number> {
  let total = 0;
  for (const part of source.parts) {
    signal?.throwIfAborted();
    total += await part.count();
  }
  return total;
}

/**
 * Embeds the pictures of one part, batch by batch.
 *
 * @returns pictures that were left out.
 * @throws {TypeError} when the encoder returns another shape; {Error} for embeddings that are no numbers.
 */
export async function embedPart<Part>(
  encoder: EvalEncoder,
  part: BenchPart<Part>,
  options: SourceOptions,
  take: TakeBatch<Part>,
): Promise<SkippedReason[]> {
  const { resolution: side, filter, width } = encoder;
  const broken = new BrokenPictures();
  const batches = pictureBatches(part, {
    side,
    filter: options.filter ?? filter,
    fit: options.fit,
    batch: options.batch,
    signal: options.signal,
    onBroken: (key, message) => broken.add(part.name, key, message),
  });
  for await (const { pixels, parts } of batches) {
    options.signal?.throwIfAborted();
    const features = await encoder.embedPixels(pixels);
    if (features.length !== parts.length * width) {
      throw new TypeError(
        `embedPixels: seen ${features.length} values; allowed: [${parts.length}, ${width}]`,
      );
    }
    checkFinite(features, "pictures");
    await take(features, parts);
  }
  return broken.reasons();
}

/** Equal or missing numbers must never look like hits. */
export function checkFinite(features: Float32Array, what: string): void {
  const at = features.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  throw new Error(
    `the model's embeddings of ${what} hold ${
      features[at]
    }; allowed: finite numbers; its weights are ` +
      "damaged, or training diverged",
  );
}
