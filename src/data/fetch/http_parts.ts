/** What tells two versions of a file apart: a strong tag, or else the date; null where neither is sent. */
export function versionOf({ headers }: Response): string | null {
  const tag = headers.get("etag");
  return tag !== null && !tag.startsWith("W/") ? tag : headers.get("last-modified");
}

/** Ends a request when no byte came for a while. */
export class StallWatch implements Disposable {
  readonly #controller = new AbortController();
  readonly #seconds: number;
  readonly signal: AbortSignal;
  stalled = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(seconds: number, signal?: AbortSignal) {
    this.#seconds = seconds;
    this.signal = signal
      ? AbortSignal.any([signal, this.#controller.signal])
      : this.#controller.signal;
    this.alive();
  }

  get message(): string {
    return `no byte came for ${this.#seconds} s`;
  }

  alive(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.stalled = true;
      this.#controller.abort(new Error(this.message));
    }, this.#seconds * 1000);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

/** Waits, or ends with the reason of the signal. */
export function pause(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, seconds * 1000);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** Whether an answer would be the same another time. */
export function isLasting(status: number): boolean {
  return status >= 400 && status < 500 && ![408, 416, 425, 429].includes(status);
}

/** What an error says. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
