/**
 * Run what writes to a folder, and say in plain words why it could not: no space, no permission.
 * Workers hand their errors over as text, so the operating system's number in it is looked at too.
 */
export async function withStorageErrors<T>(folder: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    const seen = cause instanceof Error ? cause.message : String(cause);
    const reason = reasonOf(cause, seen);
    if (reason === undefined) throw cause;
    throw new Error(`cannot write to ${folder}: ${reason} (${seen})`, { cause });
  }
}

function reasonOf(cause: unknown, seen: string): string | undefined {
  const elsewhere = "or set CLIPA_CACHE to a folder that you may write";
  if (/os error (28|122)\b/.test(seen)) {
    return `no space left; the icon set needs up to 5 GB while it is built; free some ${elsewhere}, ` +
      "then run again: it goes on where it stopped";
  }
  if (/os error 30\b/.test(seen)) return `the file system is read-only; remount it ${elsewhere}`;
  if (cause instanceof Deno.errors.PermissionDenied || /os error (13|1)\b/.test(seen)) {
    return `permission denied; allow writing there ${elsewhere}`;
  }
  if (cause instanceof Deno.errors.NotADirectory || /os error (17|20)\b/.test(seen)) {
    return `a file is in the way; remove it ${elsewhere}`;
  }
  return undefined;
}
