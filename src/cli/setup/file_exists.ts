/** Whether something is at `path`; a folder counts, a dangling link does not. */
export function fileExists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
