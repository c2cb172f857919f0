const ROUNDS = 6;

/** Mixes 32 bits (the finaliser of MurmurHash3). */
export function mix32(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/**
 * A permutation of 0 … count - 1 as a function: a keyed Feistel network on the next even number of
 * bits, walked until it lands below `count`. Nothing is stored, any position is found at once, so an
 * epoch's order is a pure function of (seed, epoch), whoever asks.
 *
 * @returns position → element
 *
 * ```ts
 * const at = permutation(5, 1, 0);
 * [0, 1, 2, 3, 4].map(at).sort(); // 0, 1, 2, 3, 4
 * ```
 */
export function permutation(count: number, seed: number, epoch: number): (at: number) => number {
  if (!Number.isInteger(count) || count < 1 || count > 2 ** 30) {
    throw new RangeError(`permutation of ${count} elements; allowed: 1 to 2^30`);
  }
  let bits = 2;
  while (2 ** bits < count) bits += 2;
  const half = bits / 2;
  const mask = 2 ** half - 1;
  const keys = Array.from(
    { length: ROUNDS },
    (_, round) => mix32(mix32(mix32(seed + 0x9e3779b9) ^ epoch) + round),
  );
  return (at) => {
    let value = at;
    do {
      let left = value >>> half;
      let right = value & mask;
      for (const key of keys) {
        [left, right] = [right, left ^ (mix32(right ^ key) & mask)];
      }
      value = ((left << half) | right) >>> 0;
    } while (value >= count);
    return value;
  };
}
