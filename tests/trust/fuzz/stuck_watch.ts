/** Longest time of one input by the clock; far above what a busy machine makes of a few milliseconds. */
const MOST_SECONDS = 180;
const SHARED_BYTES = 1 << 17;
const HEAD_BYTES = 16;

/** What the watching thread is told. */
export interface WatchOrder {
  readonly shared: SharedArrayBuffer;
  readonly seconds: number;
}

/**
 * Watches a thread that reads inputs: when one of them takes minutes, its bytes are printed as base64 and
 * the process ends, which the thread itself could no longer do.
 */
export class StuckWatch implements Disposable {
  readonly #shared = new SharedArrayBuffer(SHARED_BYTES);
  readonly #words = new Int32Array(this.#shared, 0, HEAD_BYTES / 4);
  readonly #room = new Uint8Array(this.#shared, HEAD_BYTES);
  readonly #worker: Worker;

  constructor(seconds = MOST_SECONDS) {
    this.#worker = new Worker(new URL("./stuck_worker.ts", import.meta.url), { type: "module" });
    this.#worker.postMessage({ shared: this.#shared, seconds } satisfies WatchOrder);
  }

  /** An input is about to be read. */
  saw(target: string, input: Uint8Array): void {
    const name = new TextEncoder().encodeInto(target, this.#room).written;
    const bytes = input.subarray(0, this.#room.length - name);
    this.#room.set(bytes, name);
    this.#words[1] = name;
    this.#words[2] = bytes.length;
    Atomics.add(this.#words, 0, 1);
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}
