import type { SkippedReason } from "../../data/bake/skipped_samples.ts";

/** Pictures that are named for each reason; more are only counted. */
const NAMED = 100;

/** Counts and names the pictures that were left out, by reason. */
export class BrokenPictures {
  readonly #reasons = new Map<string, { count: number; examples: string[] }>();

  /** Notes one; what stands before the first colon of the message is the reason. */
  add(part: string, key: string, message: string): void {
    const reason = message.split(":")[0];
    this.addAll([{ reason, count: 1, examples: [`${part}, ${key}: ${message}`] }]);
  }

  /** Adds what another count has. */
  addAll(reasons: readonly SkippedReason[]): void {
    for (const { reason, count, examples } of reasons) {
      const entry = this.#reasons.get(reason) ?? { count: 0, examples: [] };
      this.#reasons.set(reason, entry);
      entry.count += count;
      entry.examples.push(...examples.slice(0, NAMED - entry.examples.length));
    }
  }

  /** All that were left out. */
  get total(): number {
    return [...this.#reasons.values()].reduce((sum, { count }) => sum + count, 0);
  }

  /** Reasons, the most frequent first. */
  reasons(): SkippedReason[] {
    return [...this.#reasons].map(([reason, entry]) => ({ reason, ...entry }))
      .sort((a, b) => b.count - a.count);
  }

  /** One line for an error. */
  describe(): string {
    if (this.#reasons.size === 0) return "none";
    return this.reasons()
      .map(({ reason, count, examples }) => `${count} × ${reason}, first ${examples[0]}`)
      .join("; ");
  }
}
