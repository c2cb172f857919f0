/**
 * Runs `body` while holding an exclusive lock on the file `path`, so that two tasks started at once
 * do not build into the same folder. The system lets go of the lock when the process ends, however
 * it ends.
 *
 * Where the file cannot be written nothing can be built either, so `body` runs without the lock: it
 * succeeds if another user has done the set-up, and says what it could not write otherwise.
 */
export async function withLock<T>(path: string, body: () => Promise<T>): Promise<T> {
  using file = openLock(path);
  await file?.lock(true);
  return await body();
}

function openLock(path: string): Deno.FsFile | null {
  try {
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    return Deno.openSync(path, { create: true, write: true });
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied || isReadOnly(error)) return null;
    throw error;
  }
}

/** Deno has no error class for a read-only file system. */
function isReadOnly(error: unknown): boolean {
  return error instanceof Error && /os error 30/.test(error.message);
}
