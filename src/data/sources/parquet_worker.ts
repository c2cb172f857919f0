import { workerScope } from "../../config/worker_scope.ts";
import { ParquetRows } from "./parquet_rows.ts";

/** What the worker is asked for: the names of a file's columns, then batches of its rows. */
export type ParquetQuestion = { readonly names: string } | { readonly columns: readonly string[] };

/** What it answers; null rows after the last. */
export type ParquetAnswer =
  | { readonly kind: "names"; readonly names: string[] }
  | { readonly kind: "rows"; readonly rows: unknown[][] | null }
  | { readonly kind: "failed"; readonly message: string };

// A damaged file can keep a reader busy for ever; a worker can be ended by the clock.
let rows: ParquetRows | undefined;
let batches: AsyncGenerator<unknown[][]> | undefined;

async function answer(question: ParquetQuestion): Promise<ParquetAnswer> {
  if ("names" in question) {
    close();
    rows = new ParquetRows(question.names);
    return { kind: "names", names: await rows.names() };
  }
  batches ??= rows!.read(question.columns);
  const { value, done } = await batches.next();
  if (done) close();
  return { kind: "rows", rows: done ? null : value };
}

function close(): void {
  rows?.close();
  rows = batches = undefined;
}

const scope = workerScope<ParquetQuestion, ParquetAnswer>();

scope.onmessage = async ({ data }) => {
  try {
    scope.postMessage(await answer(data));
  } catch (error) {
    // What a reader stumbles over inside says nothing about the file.
    const outside = error instanceof Error && !/\bundefined\b/.test(error.message) &&
      !(error instanceof TypeError || error instanceof RangeError);
    const message = outside ? error.message : "parts that contradict each other";
    scope.postMessage({ kind: "failed", message });
  }
};
