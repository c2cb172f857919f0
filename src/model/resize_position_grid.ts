/**
 * Resizes a learned grid of image positions: separable bicubic (Keys, a = -0.5), half-pixel centres,
 * antialiased when it shrinks; the class token's row is kept (as the released PyTorch code loads a sin-cos grid).
 *
 * @param table [from² (+ 1), width], row-major.
 * @param from Patches along a side of the table.
 * @param to Patches along a side of the result.
 * @returns [to² (+ 1), width]
 */
export function resizePositionGrid(
  table: Float32Array,
  width: number,
  from: number,
  to: number,
  classToken: boolean,
): Float32Array {
  const first = classToken ? 1 : 0;
  if (table.length !== (from * from + first) * width) {
    throw new TypeError(
      `a position table of ${table.length} values is not ${from}x${from} (+${first}) rows of ${width}`,
    );
  }
  const weights = bicubicWeights(from, to);
  const grid = table.subarray(first * width);
  const tall = new Float32Array(to * from * width); // [to rows, from columns, width]
  blend(weights, (out, at, weight) => {
    const row = from * width;
    for (let i = 0; i < row; i++) tall[out * row + i] += weight * grid[at * row + i];
  });
  const result = new Float32Array((to * to + first) * width);
  result.set(table.subarray(0, first * width));
  blend(weights, (out, at, weight) => {
    for (let row = 0; row < to; row++) {
      const target = (first + row * to + out) * width;
      const source = (row * from + at) * width;
      for (let i = 0; i < width; i++) result[target + i] += weight * tall[source + i];
    }
  });
  return result;
}

/** For every output position, the input positions and their weights, which add up to 1. */
function bicubicWeights(from: number, to: number): { at: number; weight: number }[][] {
  const stretch = Math.max(1, from / to);
  return Array.from({ length: to }, (_, out) => {
    const centre = (out + 0.5) * from / to;
    const low = Math.max(0, Math.floor(centre - 2 * stretch + 0.5));
    const high = Math.min(from, Math.floor(centre + 2 * stretch + 0.5));
    const taps = [];
    for (let at = low; at < high; at++) {
      taps.push({ at, weight: cubic((at - centre + 0.5) / stretch) });
    }
    const total = taps.reduce((sum, { weight }) => sum + weight, 0);
    return taps.map(({ at, weight }) => ({ at, weight: weight / total }));
  });
}

function cubic(x: number): number {
  const a = -0.5;
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return (((d - 5) * d + 8) * d - 4) * a;
  return 0;
}

function blend(
  weights: { at: number; weight: number }[][],
  add: (out: number, at: number, weight: number) => void,
): void {
  weights.forEach((taps, out) => taps.forEach(({ at, weight }) => add(out, at, weight)));
}
