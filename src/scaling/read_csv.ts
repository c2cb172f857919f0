import { parse } from "csv-parse/sync";
import { describeIssues } from "../config/describe_issues.ts";
import { nearest } from "../config/nearest.ts";
import type { ScalingRow } from "./scaling_row.ts";
import { scalingRowSchema } from "./scaling_row_schema.ts";

/** Columns that a file may leave out, with what is meant then. */
const DEFAULTS = {
  imageStrategy: "resize",
  textStrategy: "truncation",
  tuned: true,
  seed: null,
  metric: "top1",
  se: null,
  n: null,
  classHits: null,
  classSizes: null,
  compute: null,
} as const;
const TEXTS = ["model", "imageStrategy", "textStrategy", "metric"];
const NUMBERS = [
  "parameters",
  "imageTokens",
  "fullImageTokens",
  "textTokens",
  "fullTextTokens",
  "seed",
  "value",
  "se",
  "n",
  "compute",
];
const COLUMNS = [...TEXTS, ...NUMBERS, "tuned"];
const REQUIRED = COLUMNS.filter((column) => !Object.hasOwn(DEFAULTS, column));
/** A table of results is small; anything larger is the wrong file. */
const LARGEST_CHARACTERS = 50_000_000;

/**
 * Reads results from a CSV text (RFC 4180) with a header. The columns are the fields of
 * {@linkcode ScalingRow} without `source` and the class lists; model, parameters, value and the four
 * token counts must be there. `value` is a fraction.
 *
 * @param source Name of the file, for messages and for the rows.
 * @throws {SyntaxError} for text that is not CSV; {RangeError} for unknown or missing columns, a file
 * without rows, or values that are not allowed, with line and column.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { readScalingCsv } from "./read_csv.ts";
 *
 * const [row] = readScalingCsv(
 *   "model,parameters,imageTokens,fullImageTokens,textTokens,fullTextTokens,value\n" +
 *     "S/16,55e6,50,197,32,32,0.547\n",
 *   "mine.csv",
 * );
 * assert.deepEqual([row.model, row.imageTokens, row.value], ["S/16", 50, 0.547]);
 * ```
 */
export function readScalingCsv(text: string, source: string): ScalingRow[] {
  if (text.length > LARGEST_CHARACTERS) {
    throw new RangeError(
      `${source}: seen ${text.length} characters; allowed: ${LARGEST_CHARACTERS}`,
    );
  }
  const [header, ...lines] = split(text, source);
  checkHeader(header ?? [], source);
  if (lines.length === 0) throw new RangeError(`${source}: seen no rows below the header`);
  return lines.map((cells, index) =>
    readLine(header, cells, `${source}, line ${index + 2}`, source)
  );
}

function split(text: string, source: string): string[][] {
  try {
    return parse(text, { bom: true, skip_empty_lines: true, trim: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SyntaxError(`${source}: not valid CSV: ${reason}`, { cause });
  }
}

function checkHeader(header: readonly string[], source: string): void {
  const unknown = header.find((column) => !COLUMNS.includes(column));
  if (unknown !== undefined) {
    const near = nearest(unknown, COLUMNS);
    throw new RangeError(
      `${source}: unknown column "${unknown}"; ${near === undefined ? "" : `nearest: ${near}; `}` +
        `allowed: ${COLUMNS.join(", ")}`,
    );
  }
  const twice = header.find((column, i) => header.indexOf(column) < i);
  if (twice !== undefined) throw new RangeError(`${source}: column "${twice}" is there twice`);
  const missing = REQUIRED.filter((column) => !header.includes(column));
  if (missing.length > 0) {
    throw new RangeError(
      `${source}: missing columns: ${missing.join(", ")}; the first line names them`,
    );
  }
}

function readLine(
  header: readonly string[],
  cells: readonly string[],
  at: string,
  source: string,
): ScalingRow {
  const row: Record<string, unknown> = { ...DEFAULTS, source };
  header.forEach((column, i) => {
    if (cells[i] !== "") row[column] = readCell(column, cells[i], at);
  });
  const result = scalingRowSchema.safeParse(row);
  if (result.success) return result.data;
  const problems = describeIssues(scalingRowSchema, result.error.issues, row);
  throw new RangeError(`${at}: ${problems.join("; ")}`);
}

function readCell(column: string, cell: string, at: string): unknown {
  if (TEXTS.includes(column)) return cell;
  if (column === "tuned") {
    if (cell === "true" || cell === "false") return cell === "true";
    throw new RangeError(`${at}: tuned: seen "${cell}"; allowed: true or false`);
  }
  const value = Number(cell);
  if (Number.isFinite(value)) return value;
  throw new RangeError(`${at}: ${column}: seen "${cell}"; allowed: a number`);
}
