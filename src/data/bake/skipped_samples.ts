/** Why samples were left out. */
export interface SkippedReason {
  readonly reason: string;
  readonly count: number;
  /** The first ones: shard, byte, key and the whole message. */
  readonly examples: readonly string[];
}

const EXAMPLES = 5;
/** The rate of broken samples means little before this many. */
const ENOUGH = 1000;

/** Counts broken samples by reason and by shard, and says when there are too many. */
export class SkippedSamples {
  readonly #reasons = new Map<string, { count: number; examples: string[] }>();
  readonly #shards = new Map<string, number>();
  readonly #maxShare: number;
  #total = 0;

  /** @param maxShare Share of broken samples above which the data is refused. */
  constructor(maxShare: number) {
    this.#maxShare = maxShare;
  }

  /** Broken samples so far. */
  get total(): number {
    return this.#total;
  }

  /** Notes a broken sample; what stands before the first colon of the message is the reason. */
  add(shard: string, at: number, key: string, message: string): void {
    const reason = message.split(":")[0];
    const entry = this.#reasons.get(reason) ?? { count: 0, examples: [] };
    this.#reasons.set(reason, entry);
    entry.count++;
    if (entry.examples.length < EXAMPLES) {
      entry.examples.push(`${shard}, byte ${at}, ${key}: ${message}`);
    }
    this.#shards.set(shard, (this.#shards.get(shard) ?? 0) + 1);
    this.#total++;
  }

  /**
   * @param samples Samples seen so far, broken ones included.
   * @throws {SyntaxError} when too many of them are broken; names the worst shards.
   */
  check(samples: number, atEnd: boolean): void {
    if (this.#total <= this.#maxShare * samples || (!atEnd && samples < ENOUGH)) return;
    const worst = [...this.#shards].sort((a, b) => b[1] - a[1]).slice(0, 3)
      .map(([shard, count]) => `${shard} (${count})`).join(", ");
    const [first] = this.reasons();
    throw new SyntaxError(
      `${this.#total} of ${samples} samples are broken; at most ${
        this.#maxShare * 100
      } % allowed; ` +
        `most in ${worst}; first: ${first.examples[0]}; mend or remove these shards`,
    );
  }

  /** Reasons, the most frequent first. */
  reasons(): SkippedReason[] {
    return [...this.#reasons].map(([reason, entry]) => ({ reason, ...entry }))
      .sort((a, b) => b.count - a.count);
  }
}
