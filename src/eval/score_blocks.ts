import { breathe } from "../data/icons/breathe.ts";
import { NativeContext } from "../native/context.ts";
import { FixedTensor } from "../tensor/fixed_tensor.ts";
import { linear } from "../tensor/ops/linear.ts";
import { Tape } from "../tensor/tape.ts";

/** Rows of either side in a block: 4 MiB of scores, and a product of some tens of milliseconds. */
const ROWS = 512, COLUMNS = 2048;

/** Scores of rows `row` to `row + rows - 1` against rows `column` to `column + columns - 1`. */
export interface ScoreBlock {
  readonly row: number;
  readonly rows: number;
  readonly column: number;
  readonly columns: number;
  /** [rows, stride]; the next block overwrites it. */
  readonly scores: Float32Array;
  /** At least `columns`. */
  readonly stride: number;
}

/**
 * Products of the rows of `a` with those of `b`, block by block, from the native library's matrix product:
 * many times faster than one product after the other, but summed in float32, in an order that may differ
 * between blocks. {@linkcode scoreError} says what that may do. All blocks of the same rows of `a` come one
 * after the other.
 *
 * @param a [rows, width]
 * @param b [columns, width]
 * @throws the reason of `signal` when it is aborted.
 */
export async function* scoreBlocks(
  a: Float32Array,
  b: Float32Array,
  width: number,
  signal?: AbortSignal,
): AsyncGenerator<ScoreBlock> {
  const m = a.length / width, n = b.length / width;
  const most = Math.min(ROWS, m), stride = Math.min(COLUMNS, n);
  using context = new NativeContext();
  using left = new FixedTensor(context, [most, width]);
  using right = new FixedTensor(context, [stride, width]);
  const tape = new Tape(context);
  const product = tape.retain(linear(tape, left, right));
  using program = tape.compile();
  const scores = new Float32Array(most * stride);
  for (let row = 0; row < m; row += most) {
    const rows = Math.min(most, m - row);
    left.writeFrom(0, a.subarray(row * width, (row + rows) * width));
    for (let column = 0; column < n; column += stride) {
      await breathe(signal);
      const columns = Math.min(stride, n - column);
      right.writeFrom(0, b.subarray(column * width, (column + columns) * width));
      await program.run();
      signal?.throwIfAborted();
      product.readInto(scores);
      yield { row, rows, column, columns, scores, stride };
    }
  }
}

/**
 * How far a product of two rows may lie from the exact one when it is summed in float32, in any order: width ·
 * 2⁻²⁴ times the rows' lengths (Higham, Accuracy and Stability of Numerical Algorithms, §3.1), a hundredth
 * more for terms of higher order, and what vanishes below the smallest numbers. Infinite where a sum might
 * overflow.
 *
 * @param lengths Length of the one row times that of the other.
 */
export function scoreError(width: number, lengths: number): number {
  if (!(lengths < 1e37)) return Infinity;
  return 1.01 * (width + 2) * 2 ** -24 * lengths + width * 2 ** -125;
}
