/**
 * Fixed 2-D sine-cosine position table of a square grid (CLIPA section 3.1 and released code).
 *
 * Channels: sin(x·ω), cos(x·ω), sin(y·ω), cos(y·ω), a quarter of the width each, x = column.
 * Coordinates are whole patches, so a new resolution simply has more rows.
 *
 * @param grid Patches along a side.
 * @param width Features; a multiple of 4, at least 8.
 * @param variant `sincos2d`: ω_k = 10000^(-k/(width/4 - 1)), the JAX code; `sincos2d-mae`:
 *   ω_k = 10000^(-k/(width/4)), the PyTorch code.
 * @param classToken Puts a row of zeros in front.
 * @returns [grid² (+ 1), width], row-major.
 *
 * ```ts
 * const table = sinCosPositions(2, 8, "sincos2d", true); // 5 rows of 8; row 0 is zero
 * ```
 */
export function sinCosPositions(
  grid: number,
  width: number,
  variant: "sincos2d" | "sincos2d-mae",
  classToken: boolean,
): Float32Array {
  if (width % 4 !== 0 || width < 8) {
    throw new RangeError(
      `width is ${width}; a sine-cosine table needs a multiple of 4, at least 8; choose learned positions or another width`,
    );
  }
  const quarter = width / 4;
  const divisor = variant === "sincos2d" ? quarter - 1 : quarter;
  const first = classToken ? 1 : 0;
  const table = new Float32Array((grid * grid + first) * width);
  for (let patch = 0; patch < grid * grid; patch++) {
    const row = (patch + first) * width;
    const x = patch % grid;
    const y = Math.floor(patch / grid);
    for (let k = 0; k < quarter; k++) {
      const omega = 10000 ** (-k / divisor);
      table[row + k] = Math.sin(x * omega);
      table[row + quarter + k] = Math.cos(x * omega);
      table[row + 2 * quarter + k] = Math.sin(y * omega);
      table[row + 3 * quarter + k] = Math.cos(y * omega);
    }
  }
  return table;
}
