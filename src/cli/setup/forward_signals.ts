/**
 * Passes signals on to a child and keeps this process alive until the child has ended.
 *
 * Ctrl-C in a terminal reaches the whole foreground group, the child included, so SIGINT is passed
 * on only when there is no terminal: a second SIGINT would read as "stop at once".
 *
 * @returns a function that ends the forwarding.
 */
export function forwardSignals(child: Deno.ChildProcess): () => void {
  const forward: [Deno.Signal, () => void][] = [
    ["SIGINT", () => Deno.stdin.isTerminal() || send(child, "SIGINT")],
    ["SIGTERM", () => send(child, "SIGTERM")],
    ["SIGHUP", () => send(child, "SIGHUP")],
    ["SIGUSR1", () => send(child, "SIGUSR1")],
  ];
  for (const [signal, handler] of forward) Deno.addSignalListener(signal, handler);
  return () => {
    for (const [signal, handler] of forward) Deno.removeSignalListener(signal, handler);
  };
}

function send(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended already; its status is on the way.
  }
}
