/** Four random 32-bit words; the array is reused by the next call. */
const words = new Uint32Array(4);

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/** Upper 32 bits of a product of two 32-bit numbers. */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff, aHigh = a >>> 16, bLow = b & 0xffff, bHigh = b >>> 16;
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >>> 16); // below 2^33: still exact as a double
  const cross = aLow * bHigh + (middle % 0x10000);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(cross / 0x10000)) >>> 0;
}

/**
 * Philox4x32-10 (Salmon et al., SC 2011): four random words as a pure function of a key and a counter.
 * All randomness of the kit is such a function of (seed, step, sample, purpose), so that a mask or a
 * crop does not depend on who draws it, or on what was drawn before.
 *
 * @param key Two words.
 * @param counter Four words.
 * @returns Four words, in an array that the next call overwrites.
 *
 * ```ts
 * philox(0, 0, 0, 0, 0, 0)[0].toString(16); // "6627e8d5"
 * ```
 */
export function philox(
  key0: number,
  key1: number,
  counter0: number,
  counter1: number,
  counter2: number,
  counter3: number,
): Uint32Array {
  let k0 = key0 >>> 0, k1 = key1 >>> 0;
  let c0 = counter0 >>> 0, c1 = counter1 >>> 0, c2 = counter2 >>> 0, c3 = counter3 >>> 0;
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(M0, c0), low0 = Math.imul(M0, c0) >>> 0;
    const high1 = mulHigh(M1, c2), low1 = Math.imul(M1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  words[0] = c0;
  words[1] = c1;
  words[2] = c2;
  words[3] = c3;
  return words;
}

/** A word as a number in [0, 1). */
export function unit(word: number): number {
  return word / 4294967296;
}

/** Fills with uniform numbers in [0, 1): a pure function of seed, stream and position. */
export function uniforms(values: Float32Array, seed: number, stream: number): void {
  for (let i = 0; i < values.length; i += 4) {
    const drawn = philox(seed, 0x756e6966, i / 4, stream, 0, 0);
    for (let k = 0; k < 4 && i + k < values.length; k++) {
      // 24 bits, so that rounding to float32 cannot reach 1.
      values[i + k] = (drawn[k] >>> 8) / 16777216;
    }
  }
}

/** Fills with standard normal numbers (Box & Muller 1958): a pure function of seed, stream and position. */
export function normals(values: Float32Array, seed: number, stream: number): void {
  for (let i = 0; i < values.length; i += 4) {
    const drawn = philox(seed, 0x6e6f726d, i / 4, stream, 0, 0);
    for (let k = 0; k < 4; k += 2) {
      // 1 - u lies in (0, 1], so the logarithm is finite.
      const radius = Math.sqrt(-2 * Math.log(1 - unit(drawn[k])));
      const angle = 2 * Math.PI * unit(drawn[k + 1]);
      if (i + k < values.length) values[i + k] = radius * Math.cos(angle);
      if (i + k + 1 < values.length) values[i + k + 1] = radius * Math.sin(angle);
    }
  }
}
