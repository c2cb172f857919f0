import { listFolder } from "./picture_files.ts";

/** A folder in the webdataset layout of CLIP_benchmark. */
export interface ClipBenchmarkFolder {
  readonly dir: string;
  /** What its samples are for: `key.cls`, or several captions in `key.txt`. */
  readonly type: "classification" | "retrieval";
  /** Shards of the split, in order. */
  readonly shards: readonly string[];
  /** Names in index order; null where the folder brings none. */
  readonly classes: readonly string[] | null;
  /** Prompts with one `{c}` each; null where the folder brings none. */
  readonly templates: readonly string[] | null;
}

const LAYOUT = "SPLIT/nshards.txt and SPLIT/0.tar …, beside them classnames.txt and " +
  'zeroshot_classification_templates.txt, or dataset_type.txt with "retrieval"';

/** Whether a folder looks like one: a split with shards and their count, or one of the lists. */
export function isClipBenchmarkFolder(dir: string, split: string): boolean {
  return ["classnames.txt", "dataset_type.txt", `${split}/nshards.txt`].some((name) =>
    exists(`${dir}/${name}`)
  );
}

/**
 * Reads the lists of a folder in the webdataset layout of CLIP_benchmark and finds its shards. Shards
 * may be numbered `0.tar` or `000000.tar`.
 *
 * @throws {SyntaxError} when a shard is missing or too many, or a list is damaged; says which.
 */
export function readClipBenchmarkFolder(dir: string, split: string): ClipBenchmarkFolder {
  const type = readText(`${dir}/dataset_type.txt`)?.trim().toLowerCase() ?? "classification";
  if (type !== "classification" && type !== "retrieval") {
    throw new SyntaxError(
      `${dir}/dataset_type.txt: seen "${type.slice(0, 40)}"; allowed: classification, retrieval`,
    );
  }
  return {
    dir,
    type,
    shards: findNumbered(dir, split),
    classes: readLines(`${dir}/classnames.txt`),
    templates: readLines(`${dir}/zeroshot_classification_templates.txt`),
  };
}

function findNumbered(dir: string, split: string): string[] {
  const folder = `${dir}/${split}`;
  const count = readText(`${folder}/nshards.txt`)?.trim();
  if (count === undefined) {
    const splits = listFolder(dir).folders.filter((name) => exists(`${dir}/${name}/nshards.txt`));
    throw new SyntaxError(
      `${folder}/nshards.txt is missing; allowed: ${LAYOUT}` +
        (splits.length > 0 ? `; splits here: ${splits.join(", ")}; choose one with --split` : ""),
    );
  }
  if (!/^[1-9]\d{0,5}$/.test(count)) {
    throw new SyntaxError(
      `${folder}/nshards.txt: seen "${count.slice(0, 40)}"; allowed: a whole number from 1`,
    );
  }
  const byNumber = new Map(
    listFolder(folder).files.filter((name) => /^\d+\.tar$/.test(name))
      .map((name) => [parseInt(name), name]),
  );
  const total = Number(count);
  const numbers = Array.from({ length: total }, (_, i) => i);
  const missing = numbers.filter((number) => !byNumber.has(number));
  if (missing.length > 0) {
    throw new SyntaxError(
      `${folder}: ${missing[0]}.tar is missing (${missing.length} of the ${total} shards that ` +
        "nshards.txt counts); fetch the data set again",
    );
  }
  if (byNumber.size > total) {
    throw new SyntaxError(
      `${folder}: ${byNumber.size} shards, nshards.txt counts ${total}; remove those of another copy`,
    );
  }
  return numbers.map((number) => `${folder}/${byNumber.get(number)}`);
}

/** Lines without the blanks at their ends; the empty ones at the file's end are no lines. */
function readLines(path: string): string[] | null {
  const text = readText(path);
  if (text === undefined) return null;
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  while (lines.at(-1) === "") lines.pop();
  const empty = lines.indexOf("");
  if (lines.length === 0 || empty >= 0) {
    throw new SyntaxError(`${path}: line ${empty + 1 || 1} is empty; allowed: one entry a line`);
  }
  return lines;
}

function readText(path: string): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Deno.readFileSync(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    if (error instanceof TypeError) throw new SyntaxError(`${path}: not UTF-8`, { cause: error });
    throw error;
  }
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
