/** A range of values and how many lie in it. */
export interface Bin {
  /** Smallest value of the range, included. */
  readonly from: number;
  /** Where the next range begins; null for the last one, which has no end. */
  readonly to: number | null;
  readonly count: number;
}

/** How whole numbers are spread. */
export interface Spread {
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly mean: number;
  readonly max: number;
  readonly bins: readonly Bin[];
}

/** Counts of whole numbers. Memory: one entry for each different number. */
export class Tally {
  readonly #counts = new Map<number, number>();

  add(value: number): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
  }

  /** @param edges Where ranges begin, ascending; values below the first count to it. */
  spread(edges: readonly number[]): Spread {
    const sorted = [...this.#counts].sort((a, b) => a[0] - b[0]);
    const count = sorted.reduce((sum, [, n]) => sum + n, 0);
    const total = sorted.reduce((sum, [value, n]) => sum + value * n, 0);
    let seen = 0;
    const median = sorted.find(([, n]) => (seen += n) * 2 >= count)?.[0] ?? 0;
    const bins = edges.map((from, i) => {
      const to = edges[i + 1] ?? null;
      const low = i === 0 ? -Infinity : from;
      const inside = sorted.filter(([value]) => value >= low && (to === null || value < to));
      return { from, to, count: inside.reduce((sum, [, n]) => sum + n, 0) };
    });
    return {
      count,
      min: sorted[0]?.[0] ?? 0,
      median,
      mean: count === 0 ? 0 : total / count,
      max: sorted.at(-1)?.[0] ?? 0,
      bins,
    };
  }
}
