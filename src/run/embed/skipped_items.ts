/** Why items were left out. */
export interface SkippedItems {
  readonly reason: string;
  readonly count: number;
  /** The first ones: key and the whole message. */
  readonly examples: readonly string[];
}

const EXAMPLES = 5;

/** Counts what was left out, by reason: what stands before the first colon of the message. */
export class SkipList {
  readonly #reasons = new Map<string, { count: number; examples: string[] }>();

  /** Notes an item. */
  add(key: string, message: string): void {
    const reason = message.split(":")[0];
    const entry = this.#reasons.get(reason) ?? { count: 0, examples: [] };
    this.#reasons.set(reason, entry);
    entry.count++;
    if (entry.examples.length < EXAMPLES) entry.examples.push(`${key}: ${message}`);
  }

  /** Reasons, the most frequent first. */
  reasons(): SkippedItems[] {
    return [...this.#reasons].map(([reason, entry]) => ({ reason, ...entry }))
      .sort((a, b) => b.count - a.count);
  }
}
