/**
 * Number of embedding rows in a flat array.
 *
 * @throws {TypeError} when the array is empty or not a whole number of rows.
 */
export function countRows(name: string, rows: Float32Array, width: number): number {
  const count = rows.length / width;
  if (Number.isInteger(width) && width >= 1 && Number.isInteger(count) && count >= 1) return count;
  throw new TypeError(
    `${name}: seen ${rows.length} values; allowed: [rows, width] with width ${width} and at least one ` +
      "row",
  );
}
