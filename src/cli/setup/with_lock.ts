/**
 * Runs `body` while holding an exclusive lock on the file `path`, so that two tasks started at once
 * do not build into the same folder. The system lets go of the lock when the process ends, however
 * it ends.
 */
export async function withLock<T>(path: string, body: () => Promise<T>): Promise<T> {
  Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  using file = Deno.openSync(path, { create: true, write: true });
  await file.lock(true);
  return await body();
}
