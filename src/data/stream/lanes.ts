/** A few workers for many pieces of work, which begin in the order in which they were handed in. */
export class Lanes<Lane> {
  readonly #free: Lane[];
  readonly #queue: ((lane: Lane) => void)[] = [];

  constructor(lanes: readonly Lane[]) {
    this.#free = [...lanes];
  }

  /** Does a piece of work once a lane is free. */
  async run<Result>(work: (lane: Lane) => Promise<Result>): Promise<Result> {
    const lane = this.#free.pop() ??
      await new Promise<Lane>((resolve) => this.#queue.push(resolve));
    try {
      return await work(lane);
    } finally {
      const next = this.#queue.shift();
      if (next) next(lane);
      else this.#free.push(lane);
    }
  }
}
