/** Folders below the repository root that hold no source of the project. */
const SKIPPED = new Set(["node_modules", "build", "runs", "models", "report", ".git"]);

/** The repository root, without a trailing slash. */
export const ROOT: string = decodeURIComponent(new URL("../..", import.meta.url).pathname)
  .replace(/\/$/, "");

/**
 * Paths of the source files, relative to the root, in name order.
 *
 * @param extensions endings with their dot, for example `.ts`.
 */
export function sourceFiles(extensions: readonly string[], folder = ""): string[] {
  const found: string[] = [];
  for (const entry of Deno.readDirSync(`${ROOT}/${folder}`)) {
    const path = folder + entry.name;
    if (entry.isDirectory && !SKIPPED.has(entry.name)) {
      found.push(...sourceFiles(extensions, `${path}/`));
    } else if (entry.isFile && extensions.some((ending) => entry.name.endsWith(ending))) {
      found.push(path);
    }
  }
  return found.sort();
}
