/**
 * Let the event loop turn once between two long pieces of work, so that Ctrl-C arrives.
 *
 * @throws the reason of the signal when it is aborted
 */
export async function breathe(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  signal?.throwIfAborted();
}
