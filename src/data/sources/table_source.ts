import { parse } from "csv-parse";
import { dirname, resolve } from "node:path";
import { pipeline, Readable } from "node:stream";
import { chooseColumn } from "./choose_column.ts";
import { type BrokenItem, type SourceItem, tidyCaption } from "./source_item.ts";

/** Tables that are read. */
export type TableKind = "csv" | "tsv" | "jsonl";

/** Names of the columns. */
export interface TableColumns {
  /** The picture file, relative to the table's folder; absent: the first of the usual names. */
  readonly image?: string;
  /** The caption; absent: the first of the usual names. */
  readonly caption?: string;
}

/** Longest row, bytes: what is longer is a mark of quotation without its end, or no table. */
const MOST_ROW_BYTES = 4 << 20;

interface Row {
  readonly line: number;
  readonly cells: Readonly<Record<string, unknown>>;
}

/**
 * The pairs that a table lists: CSV or TSV with a line of column names, or one JSON object a line. It is read
 * as a stream, so memory holds a few rows whatever its length.
 *
 * @throws {SyntaxError} when it is no such table, is empty or lacks a column; names file and line.
 *
 * ```ts ignore
 * for await (const item of tableItems("captions.csv", "csv")) console.log(item);
 * ```
 */
export async function* tableItems(
  path: string,
  kind: TableKind,
  columns: TableColumns = {},
): AsyncGenerator<SourceItem | BrokenItem, void, void> {
  let image: string | undefined, caption = "";
  for await (const { line, cells } of kind === "jsonl" ? jsonRows(path) : csvRows(path, kind)) {
    if (image === undefined) {
      const names = Object.keys(cells);
      image = chooseColumn(path, names, "image", columns.image);
      caption = chooseColumn(path, names, "caption", columns.caption);
    }
    const at = `${path}, line ${line}`;
    const file = cells[image], words = cells[caption];
    if (typeof file !== "string" || file.trim() === "") {
      yield { at, problem: `no picture: ${image} is ${JSON.stringify(file)}` };
    } else if (/^[a-z][a-z0-9+]+:\/\//i.test(file)) {
      yield { at, problem: `no local file: ${file.slice(0, 80)}; download the pictures first` };
    } else if (typeof words !== "string") {
      yield { at, problem: `no text: ${caption} is ${JSON.stringify(words)}` };
    } else {
      yield { at, path: resolve(dirname(path), file.trim()), caption: tidyCaption(words) };
    }
  }
  if (image === undefined) throw new SyntaxError(`${path}: no row; allowed: one pair a line`);
}

async function* csvRows(path: string, kind: "csv" | "tsv"): AsyncGenerator<Row, void, void> {
  const parser = parse({
    bom: true,
    columns: true,
    delimiter: kind === "csv" ? "," : "\t",
    // A quotation mark inside a caption of a TSV is a character like any other.
    quote: kind === "csv" ? '"' : null,
    info: true,
    skip_empty_lines: true,
    max_record_size: MOST_ROW_BYTES,
  });
  try {
    // What is wrong with the text ends the parser, and the loop throws it.
    pipeline(Readable.from(textOf(path)), parser, () => {});
    for await (const { record, info } of parser) yield { line: info.lines, cells: record };
  } catch (cause) {
    if (!(cause instanceof Error) || !("code" in cause && String(cause.code).startsWith("CSV_"))) {
      throw cause;
    }
    throw new SyntaxError(
      `${path}: ${cause.message}; allowed: ${kind} with a line of column names and as many cells in each ` +
        `row, of at most ${MOST_ROW_BYTES} bytes`,
      { cause },
    );
  }
}

async function* jsonRows(path: string): AsyncGenerator<Row, void, void> {
  let rest = "", line = 0;
  const row = (text: string): Row[] => {
    line++;
    if (text.trim() === "") return [];
    let cells: unknown;
    try {
      cells = JSON.parse(text);
    } catch {
      // Said below.
    }
    if (typeof cells === "object" && cells !== null && !Array.isArray(cells)) {
      return [{ line, cells: cells as Record<string, unknown> }];
    }
    throw new SyntaxError(
      `${path}, line ${line}: ${text.slice(0, 60)}; allowed: one JSON object a line`,
    );
  };
  for await (const piece of textOf(path)) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop()!;
    for (const text of lines) yield* row(text);
    if (rest.length > MOST_ROW_BYTES) {
      throw new SyntaxError(
        `${path}, line ${
          line + 1
        }: longer than ${MOST_ROW_BYTES} characters; allowed: one JSON object a ` +
          "line",
      );
    }
  }
  yield* row(rest);
}

/** The text of a file, in pieces. */
async function* textOf(path: string): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  using file = await Deno.open(path, { read: true });
  const buffer = new Uint8Array(1 << 16);
  try {
    for (let n = await file.read(buffer); n !== null; n = await file.read(buffer)) {
      yield decoder.decode(buffer.subarray(0, n), { stream: true });
    }
    yield decoder.decode();
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new SyntaxError(`${path}: not UTF-8; save the table as UTF-8`, { cause });
  }
}
