import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { BenchSource } from "./bench_source.ts";
import { type BenchFile, fileSource } from "./file_source.ts";
import type { LabelRules } from "./labelled_files.ts";
import { readMatStructs } from "./mat_file.ts";
import { isPictureName, listFolder } from "./picture_files.ts";

/** Files that tell which class has which id, in the order in which they are looked for. */
const ORDERS = ["meta.mat", "map_clsloc.txt"] as const;
const FORM =
  "ILSVRC2012_validation_ground_truth.txt, with an id from 1 to 1000 or a WordNet id on each " +
  "line, in the order of the pictures ILSVRC2012_val_00000001.JPEG, …";

/** Whether a file lists classes without names of pictures: one number, or WordNet id, on a line. */
export function isIlsvrcList(labels: string): boolean {
  const first = Deno.readTextFileSync(labels).split(/\r?\n/).find((line) => line.trim() !== "");
  return first !== undefined && /^\s*(?:\d+|n\d{8})\s*$/.test(first);
}

/**
 * Pictures of ImageNet's flat folder of the validation split with the list of their classes from the
 * development kit. The list has no names: line k is the picture whose name ends in k. Its ids are **not**
 * the usual indices: they count the classes in the kit's own order, which stands in `meta.mat` (2012) or
 * `map_clsloc.txt` (later kits) beside the list. Lists of WordNet ids need no such file.
 *
 * @throws {SyntaxError} for a line of another form, or a damaged order of classes; {RangeError} when the
 * order is missing, or a picture is not of the split.
 */
export function ilsvrcList(dir: string, labels: string, rules: LabelRules): BenchSource<number> {
  const lines = Deno.readTextFileSync(labels).trimEnd().split(/\r?\n/).map((line) => line.trim());
  const order = lines.some((line) => /^\d+$/.test(line)) ? readOrder(labels) : null;
  const names = numberedPictures(dir, lines.length, labels);
  const files: BenchFile<number>[] = [];
  for (const [i, line] of lines.entries()) {
    const wrong = (what: string) =>
      new SyntaxError(`${labels}, line ${i + 1}: ${what}; allowed: ${FORM}`);
    const wnid = /^n\d{8}$/.test(line)
      ? line
      : /^\d+$/.test(line)
      ? order!.get(Number(line))
      : undefined;
    if (wnid === undefined) throw wrong(`seen ${JSON.stringify(line.slice(0, 60))}`);
    const index = rules.indexOf(wnid);
    if (index === undefined || index >= rules.classes) throw wrong(`${wnid} is no class`);
    const part = rules.placeOf === undefined ? index : rules.placeOf(index);
    // Without its picture the name is that of the archive; it is counted as missing in its turn.
    const name = names.get(i + 1) ?? `ILSVRC2012_val_${String(i + 1).padStart(8, "0")}.JPEG`;
    if (part !== null) files.push({ key: name, path: `${dir}/${name}`, part });
  }
  return fileSource(dir, files);
}

/** Names of the folder's pictures by their number. */
function numberedPictures(dir: string, count: number, labels: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const name of listFolder(dir).files.filter(isPictureName)) {
    const number = Number(/_val_(\d{8})\.\w+$/.exec(name)?.[1]);
    const problem = !(number >= 1)
      ? "its name has no number"
      : number > count
      ? `the list has ${count} lines`
      : names.has(number)
      ? `${names.get(number)} has the same number`
      : undefined;
    if (problem !== undefined) {
      throw new RangeError(`${dir}/${name}: ${problem}; allowed with ${labels}: ${FORM}`);
    }
    names.set(number, name);
  }
  if (names.size > 0) return names;
  throw new RangeError(`${dir}: no picture; allowed with ${labels}: ${FORM}`);
}

/** WordNet ids by the kit's own ids. */
function readOrder(labels: string): Map<number, string> {
  const folder = dirname(labels);
  const path = ORDERS.map((name) => join(folder, name)).find((path) => existsSync(path));
  if (path === undefined) {
    throw new RangeError(
      `${labels}: its ids count classes in the development kit's own order, not in that of their ` +
        `indices; put meta.mat of ILSVRC2012_devkit_t12 (or map_clsloc.txt of a later kit) into ${folder}`,
    );
  }
  let rows: (readonly [id: unknown, wnid: unknown])[];
  try {
    rows = path.endsWith(".mat") ? matRows(path) : textRows(path);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SyntaxError(`${path}: ${error.message}`, { cause: error });
  }
  const order = new Map<number, string>();
  for (const [id, wnid] of rows) {
    // Inner nodes of the hierarchy come behind the classes.
    if (typeof id === "number" && id > 1000) continue;
    const good = Number.isInteger(id) && Number(id) >= 1 && typeof wnid === "string" &&
      /^n\d{8}$/.test(wnid) && !order.has(Number(id));
    if (!good) throw orderProblem(path, `id ${id} for ${wnid}`);
    order.set(Number(id), wnid);
  }
  if (order.size !== 1000 || new Set(order.values()).size !== 1000) {
    throw orderProblem(path, `${order.size} ids for ${new Set(order.values()).size} classes`);
  }
  return order;
}

function matRows(path: string): (readonly [unknown, unknown])[] {
  const fields = ["ILSVRC2012_ID", "WNID"] as const;
  return readMatStructs(Deno.readFileSync(path), "synsets", fields)
    .map(({ ILSVRC2012_ID, WNID }) => [ILSVRC2012_ID, WNID]);
}

/** Lines such as `n02119789 1 kit_fox`. */
function textRows(path: string): (readonly [unknown, unknown])[] {
  const lines = Deno.readTextFileSync(path).split(/\r?\n/).filter((line) => line.trim() !== "");
  return lines.map((line) => {
    const [wnid, id] = line.trim().split(/\s+/);
    return [Number(id), wnid];
  });
}

function orderProblem(path: string, seen: string): SyntaxError {
  return new SyntaxError(
    `${path}: seen ${seen}; allowed: each id from 1 to 1000 once, with a WordNet id of its own; take the ` +
      "file from the development kit again",
  );
}
