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
