/** Sums over steps; plain JSON. */
export interface StepSums {
  readonly loss: number;
  /** Steps with a finite loss. */
  readonly losses: number;
  readonly hits: number;
  readonly count: number;
}

const NONE: StepSums = { loss: 0, losses: 0, hits: 0, count: 0 };

/** Means over steps; a loss that is not finite does not count. */
export class StepMean {
  #sums: StepSums;

  constructor(sums: StepSums = NONE) {
    this.#sums = sums;
  }

  add(loss: number, hits: number): void {
    const { loss: sum, losses, hits: all, count } = this.#sums;
    const finite = Number.isFinite(loss);
    this.#sums = {
      loss: finite ? sum + loss : sum,
      losses: finite ? losses + 1 : losses,
      hits: all + hits,
      count: count + 1,
    };
  }

  /** Forgets the steps so far, and goes on with other sums. Default: none. */
  reset(sums: StepSums = NONE): void {
    this.#sums = sums;
  }

  get sums(): StepSums {
    return this.#sums;
  }

  get loss(): number {
    return this.#sums.loss / this.#sums.losses;
  }

  get hits(): number {
    return this.#sums.hits / this.#sums.count;
  }
}
