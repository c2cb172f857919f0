import { studentT } from "./student_t.ts";

/** Values of one cell, one for each seed. */
export interface CellValues<Key> {
  readonly key: Key;
  readonly values: readonly number[];
}

/** Mean of a cell with its interval; without repeated seeds anywhere there is none. */
export interface CellMean<Key> {
  readonly key: Key;
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
  readonly seeds: number;
}

/**
 * Means over seeds with intervals by Student's t. The standard deviation is pooled over all cells, since
 * two or four seeds say little of it on their own; a cell with one seed gets an interval too, as soon as
 * another one has several. The noise of the test pictures, which all cells share, is not in it.
 *
 * @param level Default 0.95.
 * @throws {RangeError} for a cell without values.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { cellMeans } from "./cell_means.ts";
 *
 * const [two, one] = cellMeans([{ key: "a", values: [1, 3] }, { key: "b", values: [5] }]);
 * assert.equal(two.value, 2);
 * assert.ok(one.high! - one.value > two.high! - two.value); // one seed instead of two
 * assert.deepEqual(cellMeans([{ key: "b", values: [5] }]), [{ key: "b", value: 5, seeds: 1 }]);
 * ```
 */
export function cellMeans<Key>(cells: readonly CellValues<Key>[], level = 0.95): CellMean<Key>[] {
  const empty = cells.find(({ values }) => values.length === 0);
  if (empty) {
    throw new RangeError(`cell ${JSON.stringify(empty.key)} has no value; allowed: one or more`);
  }
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const freedom = cells.reduce((sum, { values }) => sum + values.length - 1, 0);
  const squares = cells.reduce((sum, { values }) => {
    const middle = mean(values);
    return sum + values.reduce((part, value) => part + (value - middle) ** 2, 0);
  }, 0);
  const deviation = Math.sqrt(squares / freedom);
  return cells.map(({ key, values }) => {
    const value = mean(values);
    const found = { key, value, seeds: values.length };
    if (freedom === 0) return found;
    const half = studentT(0.5 + level / 2, freedom) * deviation / Math.sqrt(values.length);
    return { ...found, low: value - half, high: value + half };
  });
}
