/** Pixels per side of a thumbnail. */
export const THUMBNAIL_SIDE = 16;

/**
 * Ink of a picture, its bounding box (made square) scaled to 16 × 16 by area: equal drawings give
 * equal thumbnails whatever their padding. `undefined` when the picture is of one colour.
 *
 * @param luminance [side, side] uint8, white paper
 */
export function thumbnailOf(luminance: Uint8Array, side: number): Uint8Array | undefined {
  let left = side, right = -1, top = side, bottom = -1, darkest = 255, lightest = 0;
  for (let y = 0, i = 0; y < side; y++) {
    for (let x = 0; x < side; x++, i++) {
      const value = luminance[i];
      if (value < darkest) darkest = value;
      if (value > lightest) lightest = value;
      if (value > 247) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  if (lightest - darkest < 8 || right < 0) return undefined;
  const box = Math.max(right - left, bottom - top) + 1;
  const fromX = (left + right + 1 - box) / 2, fromY = (top + bottom + 1 - box) / 2;
  return shrink(luminance, side, fromX, fromY, box);
}

/** Area average of a square box to 16 × 16; what lies outside the picture is paper. */
function shrink(
  luminance: Uint8Array,
  side: number,
  fromX: number,
  fromY: number,
  box: number,
): Uint8Array {
  const cell = box / THUMBNAIL_SIDE;
  const sums = new Float32Array(THUMBNAIL_SIDE * THUMBNAIL_SIDE);
  const spanX = spans(fromX, cell, side), spanY = spans(fromY, cell, side);
  for (const [y, rowTo, weightY] of spanY) {
    for (const [x, columnTo, weightX] of spanX) {
      sums[rowTo * THUMBNAIL_SIDE + columnTo] += (255 - luminance[y * side + x]) * weightY *
        weightX;
    }
  }
  return Uint8Array.from(sums, (sum) => Math.round(sum));
}

/** Which source pixel adds to which cell, and with what share of the cell. */
function spans(from: number, cell: number, side: number): [number, number, number][] {
  const list: [number, number, number][] = [];
  for (let to = 0; to < THUMBNAIL_SIDE; to++) {
    const start = from + to * cell, end = start + cell;
    for (let p = Math.max(0, Math.floor(start)); p < Math.min(side, Math.ceil(end)); p++) {
      const covered = Math.min(end, p + 1) - Math.max(start, p);
      if (covered > 0) list.push([p, to, covered / cell]);
    }
  }
  return list;
}
