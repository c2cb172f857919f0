import { dirname } from "node:path";
import { type SweepRow, sweepRowSchema } from "./sweep_row.ts";

/** What a results file holds. */
export interface SweepResults {
  /** All rows, in the order in which they were written. */
  readonly rows: readonly SweepRow[];
  /** The newest row of each cell. */
  readonly newest: ReadonlyMap<string, SweepRow>;
}

/**
 * Reads a results file; an absent one has no rows.
 *
 * A line that was cut short at the end, as when the power fails in the middle of writing it, is moved
 * to `<path>.torn`, and its cell runs again.
 *
 * @param onTorn Called when that was done, with a sentence for the user.
 * @throws {SyntaxError} for any other damaged row: names file and line, what is wrong and what to do.
 * Nothing is changed then.
 */
export function readResults(
  path: string,
  onTorn: (message: string) => void = () => {},
): SweepResults {
  const text = readText(path);
  const lines = text.split("\n");
  const torn = lines.pop()!;
  const rows = lines.map((line, i) => parseRow(path, line, i + 1));
  if (torn !== "") moveTorn(path, text, torn, onTorn);
  return { rows, newest: new Map(rows.map((row) => [row.cell, row])) };
}

/** Adds a row: one whole line, on disk when this returns. */
export function appendRow(path: string, row: SweepRow): void {
  const line = new TextEncoder().encode(`${JSON.stringify(sweepRowSchema.parse(row))}\n`);
  try {
    Deno.mkdirSync(dirname(path), { recursive: true });
    using file = Deno.openSync(path, { append: true, create: true });
    // One write, so that two sweeps that share a file cannot mix their lines.
    const written = file.writeSync(line);
    if (written !== line.length) throw new Error(`${written} of ${line.length} bytes written`);
    file.syncSync();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `${path} cannot be written (${reason}); free space or name another file with --results`,
      { cause },
    );
  }
}

function readText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

function parseRow(path: string, line: string, number: number): SweepRow {
  let problem: string;
  try {
    const result = sweepRowSchema.safeParse(JSON.parse(line));
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    problem = `${issue.path.join(".") || "row"}: ${issue.message}`;
  } catch (error) {
    problem = `not JSON (${(error as Error).message})`;
  }
  throw new SyntaxError(
    `${path}, line ${number} is damaged: ${problem}; seen ${JSON.stringify(line.slice(0, 80))}; ` +
      "mend the line or delete it, then its cell runs again; all other rows are kept",
  );
}

function moveTorn(path: string, text: string, torn: string, onTorn: (message: string) => void) {
  const aside = `${path}.torn`;
  Deno.writeTextFileSync(aside, `${torn}\n`, { append: true });
  const whole = new TextEncoder().encode(text.slice(0, text.length - torn.length)).length;
  Deno.truncateSync(path, whole);
  onTorn(`${path}: the last line was cut short; it is now in ${aside} and its cell runs again`);
}
