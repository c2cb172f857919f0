/**
 * Hold a lock on a file until disposed, waiting while another process holds it. The lock is the
 * operating system's, so it ends with its process, however that ends.
 *
 * @throws the reason of the signal when it is aborted while waiting
 */
export async function lockFile(path: string, signal?: AbortSignal): Promise<Disposable> {
  const file = await Deno.open(path, { write: true, create: true });
  try {
    // Asked for again and again: a blocking wait could not be ended by Ctrl-C.
    while (!(await file.tryLock(true))) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      signal?.throwIfAborted();
    }
  } catch (error) {
    file.close();
    throw error;
  }
  return { [Symbol.dispose]: () => file.close() };
}
