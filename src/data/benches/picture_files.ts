import { extname } from "node:path";

const PICTURES = [".png", ".jpg", ".jpeg", ".webp"];

/** Whether a name ends like a picture's, whatever its case: ImageNet's end in `.JPEG`. */
export function isPictureName(name: string): boolean {
  return !name.startsWith(".") && PICTURES.includes(extname(name).toLowerCase());
}

/** Names in a folder, sorted by code units; folders and others apart. */
export function listFolder(dir: string): { folders: string[]; files: string[] } {
  const folders: string[] = [], files: string[] = [];
  for (const { name, isDirectory, isSymlink } of Deno.readDirSync(dir)) {
    if (name.startsWith(".")) continue;
    const isFolder = isDirectory || (isSymlink && isFolderLink(`${dir}/${name}`));
    (isFolder ? folders : files).push(name);
  }
  return { folders: folders.sort(), files: files.sort() };
}

/** Benchmarks are often links to where the pictures lie. */
function isFolderLink(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
