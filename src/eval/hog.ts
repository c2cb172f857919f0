/** Pixels per side of the picture that {@linkcode hogOf} describes. */
export const HOG_SIDE = 32;

const CELL = 4;
const CELLS = HOG_SIDE / CELL;
const BINS = 8;
const BLOCKS = CELLS - 1;

/** Numbers of a description. */
export const HOG_LENGTH = BLOCKS * BLOCKS * 4 * BINS;

/** Directions of the bins: written down, so that the description has the same bits everywhere. */
const COS = [1, 0.9238795325112867, 0.7071067811865476, 0.3826834323650898, 0].concat(
  [-0.3826834323650898, -0.7071067811865476, -0.9238795325112867],
);
const SIN = [0, 0.3826834323650898, 0.7071067811865476, 0.9238795325112867, 1].concat(
  [0.9238795325112867, 0.7071067811865476, 0.3826834323650898],
);

/**
 * Histogram of oriented gradients (Dalal & Triggs, 2005) of a grey picture: cells of 4 × 4 pixels, 8
 * directions without sign, blocks of 2 × 2 cells made unit vectors, the whole a unit vector. A picture
 * of one colour gives zeros. Only sums, products and square roots: the same bits on every machine.
 *
 * @param luminance uint8 [32, 32]
 * @returns [HOG_LENGTH]
 */
export function hogOf(luminance: Uint8Array): Float64Array {
  const cells = cellHistograms(luminance);
  const out = new Float64Array(HOG_LENGTH);
  for (let y = 0, at = 0; y < BLOCKS; y++) {
    for (let x = 0; x < BLOCKS; x++, at += 4 * BINS) {
      for (let corner = 0; corner < 4; corner++) {
        const cell = ((y + (corner >> 1)) * CELLS + x + (corner & 1)) * BINS;
        for (let bin = 0; bin < BINS; bin++) out[at + corner * BINS + bin] = cells[cell + bin];
      }
      normalize(out.subarray(at, at + 4 * BINS), 1);
    }
  }
  normalize(out, 0);
  return out;
}

/** [cells, cells, bins]: each gradient goes to the bin whose direction it is nearest to. */
function cellHistograms(luminance: Uint8Array): Float64Array {
  const cells = new Float64Array(CELLS * CELLS * BINS);
  const last = HOG_SIDE - 1;
  for (let y = 0; y < HOG_SIDE; y++) {
    for (let x = 0; x < HOG_SIDE; x++) {
      const row = y * HOG_SIDE;
      const dx = luminance[row + Math.min(last, x + 1)] - luminance[row + Math.max(0, x - 1)];
      const dy = luminance[Math.min(last, y + 1) * HOG_SIDE + x] -
        luminance[Math.max(0, y - 1) * HOG_SIDE + x];
      let best = 0, most = 0;
      for (let bin = 0; bin < BINS; bin++) {
        const along = Math.abs(dx * COS[bin] + dy * SIN[bin]);
        if (along > most) [best, most] = [bin, along];
      }
      const cell = Math.floor(y / CELL) * CELLS + Math.floor(x / CELL);
      cells[cell * BINS + best] += Math.sqrt(dx * dx + dy * dy);
    }
  }
  return cells;
}

/** Divides by the length; `floor` keeps empty blocks empty. */
function normalize(values: Float64Array, floor: number): void {
  let squares = floor;
  for (const value of values) squares += value * value;
  if (squares === 0) return;
  const scale = 1 / Math.sqrt(squares);
  for (let i = 0; i < values.length; i++) values[i] *= scale;
}
