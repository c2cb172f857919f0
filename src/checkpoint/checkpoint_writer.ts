import type { Checkpoint } from "./checkpoint_store.ts";
import type { SaveReply, SaveRequest } from "./save_worker.ts";

/**
 * Saves checkpoints beside the training: a thread of its own hashes and writes the copy that it is
 * handed. One checkpoint is written at a time; the next one waits for it.
 *
 * A write that fails makes the next call throw, so the training ends where it cannot be kept; the
 * checkpoints before stay whole.
 */
export class CheckpointWriter implements Disposable {
  readonly #dir: string;
  readonly #keep: number;
  #worker: Worker | null = null;
  #pending: Promise<void> | null = null;
  #failure: Error | null = null;
  #spare: ArrayBuffer | null = null;

  /**
   * @param dir Folder of all checkpoints of a run.
   * @param keep Checkpoints to keep.
   */
  constructor(dir: string, keep: number) {
    this.#dir = dir;
    this.#keep = keep;
  }

  /** Starts the thread, so that the first save need not wait for it. */
  prepare(): void {
    this.#thread();
  }

  /** Memory of an earlier copy that may be written to, or null. */
  takeSpare(): ArrayBuffer | null {
    const spare = this.#spare;
    this.#spare = null;
    return spare;
  }

  /**
   * Begins to save a checkpoint.
   *
   * @param checkpoint All of whose tensors lie in one buffer; it is taken over, do not use it again.
   * @param spare Names of others that stay beside those that are kept.
   * @throws {Error} when the checkpoint before could not be written.
   */
  async begin(
    name: string,
    checkpoint: Checkpoint<unknown>,
    spare: readonly string[] = [],
  ): Promise<void> {
    await this.finish();
    const buffer = checkpoint.tensors[0]?.data.buffer;
    if (
      !(buffer instanceof ArrayBuffer) ||
      checkpoint.tensors.some(({ data }) => data.buffer !== buffer)
    ) {
      throw new TypeError("a checkpoint to be saved aside has all tensors in one buffer");
    }
    const worker = this.#thread();
    this.#pending = new Promise((resolve) => {
      worker.onmessage = ({ data }: MessageEvent<SaveReply>) => {
        this.#spare = data.buffer;
        if (data.error !== null) this.#failure = new Error(data.error);
        resolve();
      };
      worker.onerror = (event) => {
        event.preventDefault();
        this.#failure = new Error(`${this.#dir}/${name} cannot be written (${event.message})`);
        resolve();
      };
    });
    const { state, tensors } = checkpoint;
    const request: SaveRequest = {
      dir: this.#dir,
      name,
      keep: this.#keep,
      spare,
      state,
      buffer,
      tensors: tensors.map(({ name, shape, data }) => ({
        name,
        shape,
        offset: data.byteOffset,
        length: data.length,
      })),
    };
    worker.postMessage(request, [buffer]);
  }

  #thread(): Worker {
    return this.#worker ??= new Worker(new URL("./save_worker.ts", import.meta.url), {
      type: "module",
    });
  }

  /** Throws what went wrong with a write that has ended; does not wait. */
  check(): void {
    const failure = this.#failure;
    this.#failure = null;
    if (failure) throw failure;
  }

  /** Waits until the last checkpoint is on disk. @throws {Error} when it could not be written. */
  async finish(): Promise<void> {
    await this.#pending;
    this.#pending = null;
    this.check();
  }

  /** Ends the thread; call {@linkcode finish} before. */
  [Symbol.dispose](): void {
    this.#worker?.terminate();
    this.#worker = null;
  }
}
