import type { Scored } from "../../src/cli/commands/trust.ts";
import { formatLeft, progressLine } from "./fuzz/progress_line.ts";
import type { KeptRow, ResultsFile } from "./results_file.ts";
import type { Figure, Row, RowOptions } from "./row.ts";

/** What {@linkcode measureRows} is to do. */
export interface Measurement {
  readonly rows: readonly Row[];
  readonly options: RowOptions & { readonly code: string };
  /** Measure rows anew that the same code was asked for before. */
  readonly again: boolean;
  readonly file: Pick<ResultsFile, "get" | "put">;
  readonly say: (text: string) => void;
}

/** Roughly how long a row takes on two cores when no one has measured it here: seconds. */
const EXPECTED: Readonly<Record<string, number>> = {
  R1: 30,
  R2: 60,
  R4: 2,
  R5: 5,
  R6: 10,
  R7: 10,
  R8: 120,
  R9: 5,
  R11: 40,
  R12: 60,
  R13: 600,
  R14: 5,
  R15: 15,
  R16: 10,
};
const SECONDS_PER_KILL = 3;
const SECONDS_PER_CASE = 0.001;

/** Measures rows one after the other and keeps each in the file; a stop leaves those before it. */
export async function measureRows(
  { rows, options, again, file, say }: Measurement,
): Promise<{ results: Scored[]; stopped: boolean }> {
  const { signal, code } = options;
  const results: Scored[] = [];
  const isKept = (row: Row) => !again && reusable(file.get(row.id), code, askedOf(row, options));
  for (const [i, row] of rows.entries()) {
    if (signal?.aborted) return { results, stopped: true };
    const before = file.get(row.id);
    if (before && isKept(row)) {
      say(`${row.id}  kept from ${before.ended}: the same code; --again measures anew`);
      results.push(before);
      continue;
    }
    const left = rows.slice(i).filter((other) => !isKept(other))
      .reduce((sum, other) => sum + expected(other, file.get(other.id), options), 0);
    const own = formatLeft(expected(row, before, options));
    say(`${row.id}  ${row.promise}  (about ${own}, all about ${formatLeft(left)})`);
    const startedMs = performance.now();
    const onProgress = progressLine(`trust  ${row.id}`);
    const result = await untilStop(measureRow(row, { ...options, onProgress }), signal);
    if (result === null) return { results, stopped: true };
    const kept = result.pass === null ? "" : result.pass ? "kept  " : "BROKEN  ";
    say(`${row.id}  ${kept}${result.figure ?? ""} ${result.unit}  ${result.note}`);
    file.put({
      ...result,
      code,
      asked: askedOf(row, options),
      seconds: Math.round((performance.now() - startedMs) / 1000),
      ended: new Date().toISOString(),
    });
    results.push(result);
  }
  return { results, stopped: false };
}

/** Measures one row; an error is a promise that was not kept. */
export async function measureRow(row: Row, options: RowOptions): Promise<Scored> {
  const { id, promise } = row;
  let found: Figure | string;
  try {
    found = await row.measure(options);
  } catch (error) {
    const note = error instanceof Error ? error.message : String(error);
    return { id, promise, pass: false, figure: null, unit: "", note };
  }
  if (typeof found !== "string") return { id, promise, ...found };
  return { id, promise, pass: null, figure: null, unit: "", note: `not run here: ${found}` };
}

/** Null when it was stopped; a row that does not end by itself is given some seconds. */
async function untilStop(
  measured: Promise<Scored>,
  signal: AbortSignal | undefined,
): Promise<Scored | null> {
  if (!signal) return await measured;
  const stop = Promise.withResolvers<null>();
  const grace = () => setTimeout(() => stop.resolve(null), 5000);
  signal.addEventListener("abort", grace);
  try {
    const result = await Promise.race([measured, stop.promise]);
    return signal.aborted ? null : result;
  } finally {
    signal.removeEventListener("abort", grace);
  }
}

/** A row that was broken, or not run, is worth another look. */
function reusable(row: KeptRow | undefined, code: string, asked: string): boolean {
  return row !== undefined && row.pass === true && row.code === code && row.asked === asked;
}

function askedOf({ id }: Row, { quick, kills, cases }: RowOptions): string {
  const amount = id === "R3" ? ` ${kills} kills` : id === "R10" ? ` ${cases} cases` : "";
  return `${quick ? "quick" : "whole"}${amount}`;
}

function expected(row: Row, before: KeptRow | undefined, options: RowOptions): number {
  if (before?.asked === askedOf(row, options)) return before.seconds;
  if (row.id === "R3") return SECONDS_PER_KILL * options.kills;
  if (row.id === "R10") return SECONDS_PER_CASE * options.cases;
  return (EXPECTED[row.id] ?? 60) / (options.quick ? 5 : 1);
}
