/**
 * A whole number from 0 to `count` - 1 out of a random 32-bit word: the upper half of word x count.
 * No number is likelier than another by more than count / 2^32; no word is thrown away, so that the
 * draws of a sample do not depend on each other.
 *
 * @param count At most 2^20.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { drawBelow } from "./draw_below.ts";
 *
 * assert.deepEqual([drawBelow(0, 6), drawBelow(0xffffffff, 6)], [0, 5]);
 * ```
 */
export function drawBelow(word: number, count: number): number {
  return Math.floor(word * count / 4294967296);
}
