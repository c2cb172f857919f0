import type { BenchSource } from "./bench_source.ts";
import { classFolders } from "./class_folders.ts";

/** ObjectNet's pictures of classes that ImageNet has too, and the names of these classes. */
export interface ObjectnetFolder {
  /** In index order: that of the folders' names, in lower case as CLIP_benchmark prompts them. */
  readonly classes: readonly string[];
  readonly source: BenchSource<number>;
}

const LAYOUT =
  "the unpacked objectnet-1.0: images/FOLDER/…, mappings/folder_to_objectnet_label.json and " +
  "mappings/objectnet_to_imagenet_1k.json";

/** Whether a folder is that of ObjectNet. */
export function isObjectnetFolder(dir: string): boolean {
  try {
    return Deno.statSync(`${dir}/mappings/objectnet_to_imagenet_1k.json`).isFile;
  } catch {
    return false;
  }
}

/**
 * Opens ObjectNet as its archive unpacks. Of its 313 classes those that ImageNet has too are measured
 * (113 in version 1.0); which they are stands in the data set's own `mappings`.
 *
 * @throws {SyntaxError} when a mapping is missing or damaged; what {@linkcode classFolders} throws.
 */
export function openObjectnetFolder(dir: string): ObjectnetFolder {
  const labels = readTexts(`${dir}/mappings/folder_to_objectnet_label.json`);
  const shared = readTexts(`${dir}/mappings/objectnet_to_imagenet_1k.json`);
  const folderOf = new Map(Object.entries(labels).map(([folder, label]) => [label, folder]));
  const folders = Object.keys(shared).map((label) => {
    const folder = folderOf.get(label);
    if (folder !== undefined) return folder;
    throw new SyntaxError(
      `${dir}/mappings: "${label}" of objectnet_to_imagenet_1k.json has no folder in ` +
        `folder_to_objectnet_label.json; allowed: ${LAYOUT}`,
    );
  }).sort();
  const indices = new Map(folders.map((folder, i) => [folder, i]));
  const source = classFolders(`${dir}/images`, {
    // Two thirds of its classes are not in ImageNet and take no part.
    indexOf: (folder) => indices.get(folder) ?? (Object.hasOwn(labels, folder) ? null : undefined),
    allowed: "the folders that mappings/folder_to_objectnet_label.json lists",
  });
  return { classes: folders.map((folder) => labels[folder].toLowerCase()), source };
}

function readTexts(path: string): Record<string, string> {
  let value: unknown;
  try {
    value = JSON.parse(Deno.readTextFileSync(path));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SyntaxError(`${path} cannot be read (${reason}); allowed: ${LAYOUT}`, { cause });
  }
  const isTexts = typeof value === "object" && value !== null && !Array.isArray(value) &&
    Object.values(value).every((text) => typeof text === "string");
  if (isTexts) return value as Record<string, string>;
  throw new SyntaxError(`${path}: seen no object of texts; allowed: ${LAYOUT}`);
}
