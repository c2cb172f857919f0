// The twin of reference/hashed.py: numbers that Python and TypeScript make alike from a name.

/** FNV-1a of an ASCII name. */
function seedOf(name: string): number {
  let seed = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) seed = Math.imul(seed ^ name.charCodeAt(i), 0x01000193);
  return seed;
}

/** The first `count` words of a stream: the 32-bit finaliser of MurmurHash3 over a Weyl sequence. */
export function hashedWords(name: string, count: number): Uint32Array {
  const seed = seedOf(name);
  return Uint32Array.from({ length: count }, (_, i) => {
    let a = seed + Math.imul(i, 0x9e3779b9);
    a = Math.imul(a ^ (a >>> 16), 0x85ebca6b);
    a = Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
    return a ^ (a >>> 16);
  });
}

function unit(name: string, count: number): Float64Array {
  return Float64Array.from(hashedWords(name, count), (word) => (word >>> 8) / 2 ** 24);
}

/** float32 numbers in [low, high). */
export function hashedFloats(name: string, count: number, low: number, high: number): Float32Array {
  return Float32Array.from(unit(name, count), (u) => low + (high - low) * u);
}

/** Whole numbers low .. high - 1. */
export function hashedIntegers(name: string, count: number, low: number, high: number): Int32Array {
  return Int32Array.from(unit(name, count), (u) => low + Math.floor((high - low) * u));
}

/** For every sample `kept` different patches: those with the smallest words, in that order. */
export function hashedPatches(
  name: string,
  batch: number,
  kept: number,
  patches: number,
): Int32Array {
  const words = hashedWords(name, batch * patches);
  const index = new Int32Array(batch * kept);
  for (let sample = 0; sample < batch; sample++) {
    const row = words.subarray(sample * patches, (sample + 1) * patches);
    const order = Array.from(row.keys()).sort((a, b) => row[a] - row[b] || a - b);
    index.set(order.slice(0, kept), sample * kept);
  }
  return index;
}

/** Positions at which a large tensor is compared. */
export function hashedPositions(name: string, count: number, size: number): number[] {
  return Array.from(hashedWords(`${name}#positions`, count), (word) => word % size);
}

/** Sum of the values, each with a hashed sign: a random projection that notices any wrong element. */
export function hashedProbe(name: string, probe: number, values: ArrayLike<number>): number {
  const words = hashedWords(`${name}#probe${probe}`, values.length);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += words[i] & 1 ? -values[i] : values[i];
  return sum;
}
