import { countRows } from "./check_rows.ts";

/**
 * One embedding for each class from several prompts, as CLIP does: the mean of the prompts' unit
 * vectors, made a unit vector again. A class whose prompts cancel out keeps the zero vector.
 *
 * @param prompts [classes, templates, width] Embeddings of the prompts, class by class.
 * @returns [classes, width]
 * @throws {TypeError} when the array is not a whole number of classes.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { classEmbeddings } from "./class_embeddings.ts";
 *
 * const [x, y] = classEmbeddings(Float32Array.of(3, 0, 0, 5), 2, 2);
 * assert.ok(Math.abs(x - Math.SQRT1_2) < 1e-6 && Math.abs(y - Math.SQRT1_2) < 1e-6);
 * ```
 */
export function classEmbeddings(
  prompts: Float32Array,
  templates: number,
  width: number,
): Float32Array {
  const classes = countRows("prompts", prompts, templates * width);
  const result = new Float32Array(classes * width);
  const mean = new Float64Array(width);
  for (let c = 0; c < classes; c++) {
    mean.fill(0);
    for (let t = 0; t < templates; t++) {
      const at = (c * templates + t) * width;
      const scale = inverseNorm(prompts.subarray(at, at + width));
      for (let k = 0; k < width; k++) mean[k] += prompts[at + k] * scale;
    }
    const scale = inverseNorm(mean);
    for (let k = 0; k < width; k++) result[c * width + k] = mean[k] * scale;
  }
  return result;
}

/** 1 / length of a vector; 0 for the zero vector. */
function inverseNorm(vector: ArrayLike<number>): number {
  let squares = 0;
  for (let k = 0; k < vector.length; k++) squares += vector[k] * vector[k];
  return squares === 0 ? 0 : 1 / Math.sqrt(squares);
}
