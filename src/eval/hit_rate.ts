/**
 * Share of the ranks below `k`, that is of the queries whose own target is among the first `k`.
 *
 * @param ranks Number of other targets ahead of the own one, from {@link worstRanks}; not empty.
 */
export function hitRate(ranks: ArrayLike<number>, k: number): number {
  let hits = 0;
  for (let i = 0; i < ranks.length; i++) if (ranks[i] < k) hits++;
  return hits / ranks.length;
}
