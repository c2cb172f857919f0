/**
 * 52-bit hash of a text as a whole number: two 32-bit FNV-1a runs with a final mix. Orders and
 * slices the data set, so it must never change; it guards nothing against an adversary.
 */
export function hashText(text: string, seed = 0): number {
  let a = (0x811c9dc5 ^ seed) >>> 0, b = (0x01000193 ^ Math.imul(seed, 0x9e3779b1)) >>> 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x85ebca6b);
  }
  return mix(a) * 2 ** 20 + (mix(b) >>> 12);
}

function mix(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}
