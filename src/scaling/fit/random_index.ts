import { philox } from "../../tensor/random.ts";

/** Keeps the draws of the fits apart from every other use of a seed. */
const PURPOSE = 0x626f6f74;

/**
 * A whole number from 0 up to but not including `count`: a pure function of the other arguments, so
 * that a bootstrap gives the same interval on every machine.
 */
export function randomIndex(count: number, seed: number, draw: number, index: number): number {
  return Math.floor(philox(seed, PURPOSE, draw, index, 0, 0)[0] / 2 ** 32 * count);
}
