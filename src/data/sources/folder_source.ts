import { basename, extname, join, relative } from "node:path";
import { type BrokenItem, type SourceItem, tidyCaption } from "./source_item.ts";

const PICTURES = [".png", ".jpg", ".jpeg", ".webp"];

/**
 * The pictures below a folder, in name order. The caption of `dog.jpg` is the text of `dog.txt` beside
 * it; without one it is the file's name with `_`, `-` and `.` as blanks and a number at its end left out.
 * Links to folders are not followed.
 *
 * @param named Whether a file's name may be its caption; img2dataset's are numbers, so theirs may not.
 *
 * @throws {Deno.errors.NotFound} when there is no such folder.
 *
 * ```ts ignore
 * for (const item of folderItems("pictures")) console.log(item);
 * // { at: "red_car-01.png", path: "pictures/red_car-01.png", caption: "red car" }
 * ```
 */
export function* folderItems(
  folder: string,
  named = true,
): Generator<SourceItem | BrokenItem> {
  for (const path of picturesBelow(folder)) {
    const at = relative(folder, path);
    const sidecar = path.slice(0, -extname(path).length) + ".txt";
    const text = readText(sidecar);
    if (text === null) yield { at, problem: `unreadable text: ${basename(sidecar)} is not UTF-8` };
    else if (text === undefined && !named) {
      yield { at, problem: `no text: ${basename(sidecar)} is not there` };
    } else yield { at, path, caption: tidyCaption(text ?? captionOfName(path)) };
  }
}

/** The caption in a file's name. */
export function captionOfName(path: string): string {
  const words = basename(path, extname(path)).replace(/[_.-]+/g, " ").trim();
  return words.replace(/\s+\(?\d+\)?$/, "");
}

function* picturesBelow(folder: string): Generator<string> {
  const entries = [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1);
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith(".")) continue;
    if (entry.isDirectory) yield* picturesBelow(path);
    else if (PICTURES.includes(extname(entry.name).toLowerCase())) yield path;
  }
}

/** The text of a file; undefined when there is none, null when it is not UTF-8. */
function readText(path: string): string | null | undefined {
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
