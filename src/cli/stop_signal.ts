/** Presses of Ctrl-C this close together are one: a shell and a launcher may both pass it on. */
const SAME_PRESS_MS = 1000;

/**
 * Asks a task to save and end, however often it comes: mpirun passes it on to its ranks and does nothing
 * itself, and SLURM can send it some time before a job's end.
 */
export const STOP_SIGNAL = "SIGUSR1";

/** Exit status of a task that the user stopped, as shells have it for SIGINT. */
export const STOPPED = 130;

/**
 * A signal that aborts at the first SIGINT, SIGTERM or {@linkcode STOP_SIGNAL}, so that the running task
 * can stop cleanly. A second press ends the process at once.
 */
export function stopSignal(): AbortSignal {
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
  Deno.addSignalListener(STOP_SIGNAL, () => firstMs === undefined && stop());
  return controller.signal;
}
