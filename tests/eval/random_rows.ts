/** `count` rows of `width` numbers from -1 to 1; the same for the same seed. */
export function randomRows(count: number, width: number, seed: number): Float32Array {
  const uniform = uniformOf(seed);
  return Float32Array.from({ length: count * width }, (_, i) => 2 * uniform(0, i) - 1);
}

/** Numbers from 0 up to but not including 1, a pure function of seed and arguments. */
export function uniformOf(seed: number): (draw: number, index: number) => number {
  return (draw, index) => {
    let h = Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(draw + 1, 0x85ebca6b) ^ index;
    for (const factor of [0x7feb352d, 0x846ca68b]) h = Math.imul(h ^ (h >>> 15), factor);
    return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
  };
}
