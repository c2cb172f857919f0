/**
 * Stretches a learned position table along its length: linear interpolation with half-pixel centres
 * (CLIPA's text tables, 8 or 16 → 32 tokens). The JAX code does so only where a configuration leaves
 * the table out of what is loaded; here it is always done, since a table of another length fits no
 * other way.
 *
 * @param table [rows, width], row-major.
 * @param rows Length of the result.
 * @returns [rows, width]
 *
 * ```ts
 * resizePositions(Float32Array.of(0, 1), 1, 4); // 0, 0.25, 0.75, 1
 * ```
 */
export function resizePositions(table: Float32Array, width: number, rows: number): Float32Array {
  const from = table.length / width;
  if (!Number.isInteger(from) || from < 1) {
    throw new TypeError(`a position table of ${table.length} values has no rows of width ${width}`);
  }
  const out = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const at = Math.min(from - 1, Math.max(0, (row + 0.5) * from / rows - 0.5));
    const low = Math.floor(at);
    const high = Math.min(from - 1, low + 1);
    const share = at - low;
    for (let i = 0; i < width; i++) {
      out[row * width + i] = table[low * width + i] * (1 - share) + table[high * width + i] * share;
    }
  }
  return out;
}
