/** Fewest pairs from which a ratio is reported. */
export const LEAST_PAIRS = 7;

/**
 * Measures two things in turn, a b a b ..., so that a machine that slows down half-way slows both.
 *
 * @param first returns one measurement, for example a rate.
 * @param second the same for what it is compared with.
 * @param pairs how often; at least {@link LEAST_PAIRS}.
 * @returns both measurements of each pair. An unmeasured pair before them warms caches up.
 */
export async function interleave(
  first: () => number | Promise<number>,
  second: () => number | Promise<number>,
  pairs = LEAST_PAIRS,
): Promise<{ first: number; second: number }[]> {
  if (pairs < LEAST_PAIRS) {
    throw new RangeError(`seen ${pairs} pairs; allowed: at least ${LEAST_PAIRS}`);
  }
  const results = [];
  for (let pair = -1; pair < pairs; pair++) {
    const measured = { first: await first(), second: await second() };
    if (pair >= 0) results.push(measured);
  }
  return results;
}
