/** A few workers for many pieces of work, which begin in the order in which they were handed in. */
export class Lanes<Lane> {
  readonly #free: Lane[];
  readonly #queue: ((lane: Lane) => void)[] = [];
  readonly #running = new Set<Promise<unknown>>();

  constructor(lanes: readonly Lane[]) {
    this.#free = [...lanes];
  }

  /** Does a piece of work once a lane is free. */
  run<Result>(work: (lane: Lane) => Promise<Result>): Promise<Result> {
    const running = this.#run(work);
    const forget = () => void this.#running.delete(running);
    this.#running.add(running);
    running.then(forget, forget);
    return running;
  }

  /** Waits until nothing runs any more, however it ends. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  async #run<Result>(work: (lane: Lane) => Promise<Result>): Promise<Result> {
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
