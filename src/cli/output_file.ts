import { dirname } from "node:path";

/** @throws {Error} when the folder of a file to be written is not there: before any long work. */
export function checkFolder(option: string, path: string): void {
  const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) || "/" : ".";
  let isDirectory = false;
  try {
    isDirectory = Deno.statSync(folder).isDirectory;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) {
      throw error;
    }
  }
  if (!isDirectory) {
    throw new Error(`${option} ${path}: ${folder} is no folder; make it or name another file`);
  }
}

/**
 * Finds out whether a folder can be made or written by making one beside it, before any long work.
 *
 * @throws {Error} with the folder that is in the way and the reason.
 */
export function checkWritable(option: string, path: string): void {
  let folder = path;
  while (!exists(folder) && dirname(folder) !== folder) folder = dirname(folder);
  try {
    Deno.removeSync(Deno.makeTempDirSync({ dir: folder, prefix: ".clipa-" }));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `${option} ${path}: ${folder} cannot be written (${reason}); name another folder with ${option}`,
      { cause },
    );
  }
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
