import { flush, notebookKernel } from "./kernel.ts";

const running = new Set<AbortController>();
let listening = false;

/**
 * Lets the interrupt button of a notebook stop the work of {@linkcode interruptible} instead of the
 * whole kernel, which would die of the signal. Runs when the kit is imported in a notebook.
 */
export function catchInterrupts(): void {
  if (listening || notebookKernel() === null) return;
  listening = true;
  Deno.addSignalListener("SIGINT", interrupt);
}

/** Aborts everything that {@linkcode interruptible} is running. */
export function interrupt(): void {
  if (running.size === 0) {
    console.warn(
      "nothing that can be interrupted is running; to end other code restart the kernel",
    );
  }
  for (const controller of running) {
    controller.abort(new DOMException("interrupted; what was done is kept", "AbortError"));
  }
}

/**
 * Runs work that can be interrupted. Its signal aborts at the interrupt button; the cell then ends with
 * an error, so that the cells below do not run on half a result.
 *
 * @throws {DOMException} AbortError when it was interrupted, and whatever the work throws.
 *
 * @example
 * ```ts
 * import { interruptible } from "./interrupt.ts";
 *
 * const sum = await interruptible(async (signal) => {
 *   let sum = 0;
 *   for (let i = 0; i < 5 && !signal.aborted; i++) sum += await Promise.resolve(i);
 *   return sum;
 * });
 * ```
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  catchInterrupts();
  const controller = new AbortController();
  running.add(controller);
  try {
    return await work(controller.signal);
  } finally {
    running.delete(controller);
    await flush();
  }
}
