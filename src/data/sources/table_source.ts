import { parse } from "csv-parse/sync";
import { dirname, resolve } from "node:path";
import { chooseColumn } from "./choose_column.ts";
import { type BrokenItem, type SourceItem, tidyCaption } from "./source_item.ts";

/** Largest table: it is held in memory, and a text of twice the size could not be. */
const MAX_TABLE_BYTES = 256 << 20;

/** Tables that are read. */
export type TableKind = "csv" | "tsv" | "jsonl";

/** Names of the columns. */
export interface TableColumns {
  /** The picture file, relative to the table's folder; absent: the first of the usual names. */
  readonly image?: string;
  /** The caption; absent: the first of the usual names. */
  readonly caption?: string;
}

interface Row {
  readonly line: number;
  readonly cells: Readonly<Record<string, unknown>>;
}

/**
 * The pairs that a table lists: CSV or TSV with a line of column names, or one JSON object a line.
 *
 * @throws {SyntaxError} when it is no such table, is empty, lacks a column or is larger than 256 MiB; names
 * file and line.
 *
 * ```ts ignore
 * for (const item of tableItems("captions.csv", "csv")) console.log(item);
 * ```
 */
export function* tableItems(
  path: string,
  kind: TableKind,
  columns: TableColumns = {},
): Generator<SourceItem | BrokenItem> {
  const text = readUtf8(path);
  const rows = kind === "jsonl" ? jsonRows(path, text) : csvRows(path, text, kind);
  if (rows.length === 0) throw new SyntaxError(`${path}: no row; allowed: one pair a line`);
  const names = Object.keys(rows[0].cells);
  const image = chooseColumn(path, names, "image", columns.image);
  const caption = chooseColumn(path, names, "caption", columns.caption);
  for (const { line, cells } of rows) {
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
}

function csvRows(path: string, text: string, kind: "csv" | "tsv"): Row[] {
  try {
    const parsed: { record: Record<string, string>; info: { lines: number } }[] = parse(text, {
      bom: true,
      columns: true,
      delimiter: kind === "csv" ? "," : "\t",
      // A quotation mark inside a caption of a TSV is a character like any other.
      quote: kind === "csv" ? '"' : null,
      info: true,
      skip_empty_lines: true,
    });
    return parsed.map(({ record, info }) => ({ line: info.lines, cells: record }));
  } catch (cause) {
    const seen = cause instanceof Error ? cause.message : String(cause);
    throw new SyntaxError(
      `${path}: ${seen}; allowed: ${kind} with a line of column names and as many cells in each row`,
      { cause },
    );
  }
}

function jsonRows(path: string, text: string): Row[] {
  return text.split("\n").flatMap((line, i) => {
    if (line.trim() === "") return [];
    let cells: unknown;
    try {
      cells = JSON.parse(line);
    } catch {
      // Said below.
    }
    if (typeof cells === "object" && cells !== null && !Array.isArray(cells)) {
      return [{ line: i + 1, cells: cells as Record<string, unknown> }];
    }
    throw new SyntaxError(
      `${path}, line ${i + 1}: ${line.slice(0, 60)}; allowed: one JSON object a line`,
    );
  });
}

function readUtf8(path: string): string {
  const { size } = Deno.statSync(path);
  if (size > MAX_TABLE_BYTES) {
    throw new SyntaxError(
      `${path}: seen ${size} bytes; allowed: ${MAX_TABLE_BYTES}; split the table, or save it as ` +
        "Parquet, of which a part at a time is read",
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Deno.readFileSync(path));
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new SyntaxError(`${path}: not UTF-8; save the table as UTF-8`, { cause });
  }
}
