/** Presses of Ctrl-C this close together are one: a shell and a launcher may both pass it on. */
const SAME_PRESS_MS = 1000;

/** Asks one of several ranks to save and end: mpirun passes it on and does nothing itself, as SLURM can. */
export const STOP_SIGNAL = "SIGUSR1";

/** Exit status of a task that the user stopped, as shells have it for SIGINT. */
export const STOPPED = 130;

/**
 * A signal that aborts at the first SIGINT or SIGTERM, so that the running task can stop cleanly.
 * A second press ends the process at once.
 *
 * @param ranked True for one of several ranks, which {@linkcode STOP_SIGNAL} stops too, however often.
 */
export function stopSignal(ranked = false): AbortSignal {
  const controller = new AbortController();
  let firstMs: number | undefined;
  const stop = () => {
    const nowMs = performance.now();
    if (firstMs === undefined) {
      firstMs = nowMs;
      controller.abort(new DOMException("stopped by the user", "AbortError"));
    } else if (nowMs - firstMs > SAME_PRESS_MS) Deno.exit(STOPPED);
  };
  Deno.addSignalListener("SIGINT", stop);
  Deno.addSignalListener("SIGTERM", stop);
  if (ranked) {
    Deno.addSignalListener(STOP_SIGNAL, () => {
      firstMs ??= performance.now();
      controller.abort(new DOMException("stopped by the user", "AbortError"));
    });
  }
  return controller.signal;
}
