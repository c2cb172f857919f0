import type { Bench } from "./bench.ts";

/**
 * Read a benchmark from a JSON file, as the data set builder writes them to `bench/`.
 *
 * @throws {SyntaxError} when the file is no benchmark or contradicts itself; names file and field.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { loadBench } from "./load_bench.ts";
 *
 * const path = Deno.makeTempFileSync();
 * const bench = { kind: "classification", name: "b", split: "test", classes: ["cat"], rows: [3], labels: [0] };
 * Deno.writeTextFileSync(path, JSON.stringify(bench));
 * assert.equal(loadBench(path).rows[0], 3);
 * Deno.removeSync(path);
 * ```
 */
export function loadBench(path: string): Bench {
  const text = Deno.readTextFileSync(path);
  try {
    return checkBench(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SyntaxError(`${path}: ${error.message}; build the data set again`, { cause: error });
  }
}

function checkBench(value: unknown): Bench {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SyntaxError("allowed: an object with kind, name, split and rows");
  }
  const { kind, name, split, ...rest } = value as Record<string, unknown>;
  if (typeof name !== "string" || name === "") throw wrong("name", name, "a string");
  if (typeof split !== "string" || split === "") throw wrong("split", split, "a string");
  const rows = indices("rows", rest.rows, Infinity);
  if (rows.length === 0) throw new SyntaxError("rows: seen none; allowed: at least one");
  if (kind === "classification") {
    const classes = texts("classes", rest.classes);
    if (new Set(classes).size < classes.length) {
      throw new SyntaxError("classes: seen a name twice; allowed: each once");
    }
    const labels = indices("labels", rest.labels, classes.length);
    sameLength("labels", labels, rows);
    const common: Bench = { kind, name, split, classes, rows, labels };
    return rest.templates === undefined
      ? common
      : { ...common, templates: texts("templates", rest.templates) };
  }
  if (kind !== "retrieval") throw wrong("kind", kind, '"classification" or "retrieval"');
  if (typeof rest.captions !== "object" || rest.captions === null) {
    throw wrong("captions", rest.captions, "an object of lists");
  }
  const lists = Object.entries(rest.captions).map(([list, value]): [string, string[]] => {
    const captions = texts(`captions.${list}`, value);
    sameLength(`captions.${list}`, captions, rows);
    return [list, captions];
  });
  if (lists.length === 0) throw new SyntaxError("captions: seen no list; allowed: at least one");
  return { kind, name, split, rows, captions: Object.fromEntries(lists) };
}

function indices(field: string, value: unknown, below: number): number[] {
  if (!Array.isArray(value)) throw wrong(field, value, "a list of whole numbers");
  value.forEach((index, i) => {
    if (Number.isSafeInteger(index) && index >= 0 && index < below) return;
    const range = below === Infinity ? "from 0" : `from 0 to ${below - 1}`;
    throw wrong(`${field}[${i}]`, index, `a whole number ${range}`);
  });
  return value;
}

function texts(field: string, value: unknown): string[] {
  if (!Array.isArray(value)) throw wrong(field, value, "a list of texts");
  value.forEach((text, i) => {
    if (typeof text !== "string" || text.trim() === "") {
      throw wrong(`${field}[${i}]`, text, "a text");
    }
  });
  return value;
}

function sameLength(field: string, list: readonly unknown[], rows: readonly number[]) {
  if (list.length === rows.length) return;
  throw new SyntaxError(
    `${field}: seen ${list.length}; allowed: one for each of ${rows.length} rows`,
  );
}

function wrong(field: string, seen: unknown, allowed: string): SyntaxError {
  return new SyntaxError(
    `${field}: seen ${String(JSON.stringify(seen)).slice(0, 80)}; allowed: ${allowed}`,
  );
}
