import { extname } from "node:path";
import type { BenchSource } from "./bench_source.ts";
import { type BenchFile, fileSource } from "./file_source.ts";
import { isPictureName, listFolder } from "./picture_files.ts";

/** How a labels file is read. */
export interface LabelRules {
  /** Class index of a WordNet id such as `n01440764`; `undefined` where it is no class. */
  indexOf(wnid: string): number | undefined;
  /** Classes: an index is below. */
  readonly classes: number;
  /** Place of a class among those that are measured; null leaves its pictures out. Default all. */
  readonly placeOf?: (index: number) => number | null;
}

const FORM = "a picture's name and its class on each line, as a WordNet id or an index from 0: " +
  '"ILSVRC2012_val_00000001.JPEG 65" or "ILSVRC2012_val_00000001,n01751748 …"';

/**
 * Pictures of one flat folder with a file of labels: lines with a name and a class, blank or comma
 * between them and more behind allowed, as in Caffe's `val.txt` and Kaggle's `LOC_val_solution.csv`. A
 * head line of words is passed over. Names may lack their ending. A picture that is listed and not there
 * is counted when its turn comes.
 *
 * @throws {SyntaxError} for a line of another form, a class out of range, a name that stands twice;
 * {RangeError} for a picture without a label.
 */
export function labelledFiles(dir: string, labels: string, rules: LabelRules): BenchSource<number> {
  const pictures = listFolder(dir).files.filter(isPictureName);
  const byStem = new Map(pictures.map((name) => [name.slice(0, -extname(name).length), name]));
  const known = new Set(pictures);
  const seen = new Set<string>();
  const files: BenchFile<number>[] = [];
  for (const [i, line] of Deno.readTextFileSync(labels).split(/\r?\n/).entries()) {
    const [first, second] = line.trim().split(/[\s,]+/);
    if (first === "" || (i === 0 && isHead(second))) continue;
    const name = known.has(first) ? first : byStem.get(first) ?? first;
    const wrong = (what: string) =>
      new SyntaxError(`${labels}, line ${i + 1}: ${what}; allowed: ${FORM}`);
    if (second === undefined) {
      throw wrong(`seen ${JSON.stringify(line.slice(0, 60))}, no class behind the name`);
    }
    if (seen.has(name)) throw wrong(`${name} stands twice`);
    seen.add(name);
    const index = /^\d+$/.test(second) ? Number(second) : rules.indexOf(second);
    if (index === undefined) throw wrong(`"${second.slice(0, 40)}" is no class`);
    if (index >= rules.classes) {
      throw wrong(`class ${index}, indices are 0 to ${rules.classes - 1}`);
    }
    const part = rules.placeOf === undefined ? index : rules.placeOf(index);
    if (part !== null) files.push({ key: name, path: `${dir}/${name}`, part });
  }
  const without = pictures.find((name) => !seen.has(name));
  if (without !== undefined) {
    throw new RangeError(
      `${dir}/${without}: no label in ${labels}; allowed: ${FORM}; for all ${pictures.length} pictures`,
    );
  }
  if (seen.size === 0) throw new SyntaxError(`${labels}: no line; allowed: ${FORM}`);
  return fileSource(dir, files);
}

/** Kaggle's table begins with the names of its columns. */
function isHead(second: string | undefined): boolean {
  return second !== undefined && !/^(?:\d+|n\d{8})$/.test(second);
}
