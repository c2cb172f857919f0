/** End of the name of a checkpoint that was found damaged and kept aside. */
export const DAMAGED = ".damaged";

/** End of the name of a checkpoint that another of the same name is about to replace. */
export const REPLACED = ".replaced.part";

/** Whether a name is that of something half-written or half-removed. */
export function isLeftover(path: string): boolean {
  return path.endsWith(".part");
}

/** Folders of checkpoints, whole or not, in no order; leftovers and damaged ones are left out. */
export function checkpointNames(dir: string): string[] {
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(dir)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return entries
    .filter(({ name, isDirectory }) => isDirectory && !isLeftover(name) && !name.endsWith(DAMAGED))
    .map(({ name }) => name);
}
