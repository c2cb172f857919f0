import { countRows } from "../check_rows.ts";
import { dot } from "../dot_rows.ts";
import { scoreBlocks, scoreError } from "../score_blocks.ts";

/** How many wrong candidates are ahead of the right one, for each query. */
export interface QueryRanks {
  /** Wrong ones that score at least as high: ties count against the query. */
  readonly worst: Int32Array;
  /** Wrong ones that score higher: ties count for it. */
  readonly best: Int32Array;
}

/** Ranks in both directions. */
export interface CaptionRanks {
  /** [images] A picture looks for any of its captions: the wrong ones ahead of its best. */
  readonly i2t: QueryRanks;
  /** [texts] A caption looks for its picture. */
  readonly t2i: QueryRanks;
}

/** Options of {@linkcode captionRanks}. */
export interface CaptionRankOptions {
  readonly signal?: AbortSignal;
  /** Called with the pictures that were compared with all captions, of all. */
  readonly onPictures?: (done: number, total: number) => void;
}

/**
 * Ranks of pictures among captions and of captions among pictures, where a picture has several captions.
 * A picture is found when one of its captions is among the first, as in CLIP_benchmark. Similarities come
 * from matrix products in float32 and are not kept; those that lie so close to the right one that rounding
 * could decide are computed again in float64, in an order that gives equal rows equal bits. So the ranks are
 * those of exact scores, ties included. A score that is not a number counts against the query in both ranks.
 *
 * @param images [images, width]
 * @param texts [texts, width]
 * @param imageOf [texts] Picture of each caption.
 * @throws {TypeError} when an array is not a whole number of rows; {RangeError} when a caption has no
 * picture, or a picture no caption; the reason of `signal` when that was aborted.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { captionRanks } from "./caption_ranks.ts";
 *
 * const images = Float32Array.of(1, 0, 0, 1);
 * const texts = Float32Array.of(1, 0, 0.6, 0.8, 0, 1); // the second belongs to picture 0
 * const { i2t, t2i } = await captionRanks(images, texts, 2, [0, 0, 1]);
 * assert.deepEqual([[...i2t.worst], [...t2i.worst]], [[0, 0], [0, 1, 0]]);
 * ```
 */
export async function captionRanks(
  images: Float32Array,
  texts: Float32Array,
  width: number,
  imageOf: ArrayLike<number>,
  { signal, onPictures }: CaptionRankOptions = {},
): Promise<CaptionRanks> {
  const imageCount = countRows("images", images, width);
  const textCount = countRows("texts", texts, width);
  checkImages(imageOf, textCount, imageCount);
  const own = new Float64Array(textCount);
  const bestOwn = new Float64Array(imageCount).fill(NaN);
  for (let t = 0; t < textCount; t++) {
    own[t] = dot(texts, t, images, imageOf[t], width);
    if (!(own[t] <= bestOwn[imageOf[t]])) bestOwn[imageOf[t]] = own[t];
  }
  const i2t = ranks(imageCount), t2i = ranks(textCount);
  const imageLengths = lengthsOf(images, width), textLengths = lengthsOf(texts, width);
  const forImage = limits(bestOwn, imageLengths, textLengths, width);
  const forText = limits(own, textLengths, imageLengths, width);
  for await (const block of scoreBlocks(images, texts, width, signal)) {
    const { row, rows, column, columns, scores, stride } = block;
    for (let image = row; image < row + rows; image++) {
      const at = (image - row) * stride - column;
      const low = forImage.low[image], high = forImage.high[image];
      for (let t = column; t < column + columns; t++) {
        const rough = scores[at + t];
        if (rough < low && rough < forText.low[t]) continue; // behind both, as almost all are
        if (image === imageOf[t]) continue;
        const sure = (rough < low || rough > high) &&
          (rough < forText.low[t] || rough > forText.high[t]);
        const score = sure ? rough : dot(texts, t, images, image, width);
        // Written as "not below", so that a score that is not a number counts too.
        if (!(score < own[t])) t2i.worst[t]++;
        if (!(score <= own[t])) t2i.best[t]++;
        if (!(score < bestOwn[image])) i2t.worst[image]++;
        if (!(score <= bestOwn[image])) i2t.best[image]++;
      }
    }
    if (column + columns === textCount) onPictures?.(row + rows, imageCount);
  }
  return { i2t, t2i };
}

/** Between these a rough score does not tell on which side of the right one the exact score lies. */
function limits(
  right: Float64Array,
  lengths: Float64Array,
  others: Float64Array,
  width: number,
): { low: Float64Array; high: Float64Array } {
  const longest = others.reduce((a, b) => Math.max(a, b), 0);
  const error = lengths.map((length) => scoreError(width, length * longest));
  return {
    low: right.map((score, i) => score - error[i]),
    high: right.map((score, i) => score + error[i]),
  };
}

function lengthsOf(rows: Float32Array, width: number): Float64Array {
  const count = rows.length / width;
  return Float64Array.from({ length: count }, (_, i) => Math.sqrt(dot(rows, i, rows, i, width)));
}

function ranks(count: number): QueryRanks {
  return { worst: new Int32Array(count), best: new Int32Array(count) };
}

function checkImages(imageOf: ArrayLike<number>, texts: number, images: number): void {
  if (imageOf.length !== texts) {
    throw new TypeError(`imageOf: seen ${imageOf.length}; allowed: one for each of ${texts} texts`);
  }
  const has = new Uint8Array(images);
  for (let t = 0; t < texts; t++) {
    if (!(Number.isInteger(imageOf[t]) && imageOf[t] >= 0 && imageOf[t] < images)) {
      throw new RangeError(`imageOf[${t}]: seen ${imageOf[t]}; allowed: 0 to ${images - 1}`);
    }
    has[imageOf[t]] = 1;
  }
  const without = has.indexOf(0);
  if (without >= 0) {
    throw new RangeError(`picture ${without} has no caption; allowed: at least one`);
  }
}
