/**
 * Folder for what is built once and shared by all checkouts: `CLIPA_CACHE`, else the platform's cache
 * folder.
 *
 * @throws {RangeError} if neither `CLIPA_CACHE` nor a home folder is known.
 */
export function cacheDir(env: (name: string) => string | undefined): string {
  const own = env("CLIPA_CACHE");
  if (own) return own;
  const cache = env("XDG_CACHE_HOME") || (env("HOME") && `${env("HOME")}/.cache`);
  if (cache) return `${cache}/clipa-kit`;
  throw new RangeError("no cache folder: neither CLIPA_CACHE nor HOME is set; set CLIPA_CACHE");
}
