import type { BenchSource } from "./bench_source.ts";
import { type BenchFile, fileSource } from "./file_source.ts";
import { isPictureName, listFolder } from "./picture_files.ts";

/** How folders stand for classes. */
export interface FolderClasses {
  /**
   * Class index of a folder's name. `undefined` for a name that is no class; null for one whose
   * pictures the benchmark leaves out.
   */
  indexOf(folder: string): number | null | undefined;
  /** Which names are allowed, for the error. */
  readonly allowed: string;
}

/**
 * Pictures in sub-folders, one for each class, as `torchvision`'s `ImageFolder` has them: `n01440764/…`
 * of ImageNet, `0/…` to `999/…` of ImageNet-V2, or class names.
 *
 * @throws {RangeError} for a folder that is no class, and for a class without pictures.
 *
 * @example
 * ```ts ignore
 * const indexOf = (name: string) => ["cat", "dog"].indexOf(name);
 * classFolders("pets", { indexOf, allowed: "cat, dog" }).parts.length; // 1
 * ```
 */
export function classFolders(dir: string, classes: FolderClasses): BenchSource<number> {
  const { folders } = listFolder(dir);
  const files: BenchFile<number>[] = [];
  for (const folder of folders) {
    const part = classes.indexOf(folder);
    if (part === null) continue;
    if (part === undefined) {
      throw new RangeError(
        `${dir}/${folder}: the folder is no class; allowed: ${classes.allowed}; move it elsewhere`,
      );
    }
    const names = listFolder(`${dir}/${folder}`).files.filter(isPictureName);
    if (names.length === 0) {
      throw new RangeError(
        `${dir}/${folder}: a class without pictures; allowed: PNG, JPEG or WebP files in each class's ` +
          "folder; unpack the data set again, or remove the folder",
      );
    }
    for (const name of names) {
      files.push({ key: `${folder}/${name}`, path: `${dir}/${folder}/${name}`, part });
    }
  }
  if (files.length === 0) {
    throw new RangeError(`${dir}: no class folder; allowed: ${classes.allowed}`);
  }
  return fileSource(dir, files);
}
