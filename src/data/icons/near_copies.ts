import type { IconRow } from "./icon_rows.ts";
import { THUMBNAIL_SIDE } from "./thumbnail.ts";

const PIXELS = THUMBNAIL_SIDE * THUMBNAIL_SIDE;

/** Two drawings of one phrase above this cosine are taken for copies. */
export const NEAR_COPY_COSINE = 0.97;

/** Finds copies of training pictures among test pictures; see {@link createCopyFinder}. */
export interface CopyFinder {
  /** Hold a training picture, if its phrase is wanted. */
  addTraining(row: IconRow, thumbnail: Uint8Array): void;
  /** Highest cosine between a picture and the training pictures of its phrase; 0 without any. */
  closest(row: IconRow, thumbnail: Uint8Array): number;
}

/**
 * Compare pictures of equal phrase by the cosine of their 16-pixel ink thumbnails.
 *
 * @param phrases the phrases that benchmarks ask about; others are not kept
 */
export function createCopyFinder(phrases: ReadonlySet<string>): CopyFinder {
  const training = new Map<string, Float32Array[]>();
  return {
    addTraining(row, thumbnail) {
      if (!phrases.has(row.phrase)) return;
      const list = training.get(row.phrase);
      const direction = directionOf(thumbnail);
      if (list) list.push(direction);
      else training.set(row.phrase, [direction]);
    },
    closest(row, thumbnail) {
      const direction = directionOf(thumbnail);
      let most = 0;
      for (const other of training.get(row.phrase) ?? []) {
        let dot = 0;
        for (let i = 0; i < PIXELS; i++) dot += direction[i] * other[i];
        if (dot > most) most = dot;
      }
      return most;
    },
  };
}

function directionOf(thumbnail: Uint8Array): Float32Array {
  let squares = 0;
  for (const value of thumbnail) squares += value * value;
  const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
  return Float32Array.from(thumbnail, (value) => value * scale);
}
