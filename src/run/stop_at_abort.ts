/**
 * Stops a process when the signal is aborted, until the result is disposed.
 *
 * @param how SIGINT asks for what Ctrl-C asks for: to save and end.
 *
 * @example
 * ```ts ignore
 * const child = new Deno.Command("mpirun").spawn();
 * using _ = stopAtAbort(child, signal);
 * await child.status;
 * ```
 */
export function stopAtAbort(
  child: Pick<Deno.ChildProcess, "kill">,
  signal: AbortSignal,
  how: "SIGINT" | "SIGTERM" = "SIGINT",
): Disposable {
  const stop = () => {
    try {
      child.kill(how);
    } catch { /* it has ended already */ }
  };
  signal.addEventListener("abort", stop);
  // Aborted between the start of the process and now.
  if (signal.aborted) stop();
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", stop) };
}
