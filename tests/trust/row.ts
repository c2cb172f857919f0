/** What a row of the scorecard found. */
export interface Figure {
  readonly pass: boolean;
  readonly figure: number;
  readonly unit: string;
  /** How it was measured, or what went wrong. */
  readonly note: string;
}

/** How much a row shall do. */
export interface RowOptions {
  /** Kills of R3. */
  readonly kills: number;
  /** Inputs of R10. */
  readonly cases: number;
  /** True in the ordinary tests: the same checks, fewer times. */
  readonly quick: boolean;
  /** Ends long rows early; they throw then. */
  readonly signal?: AbortSignal;
  /** Folder in which long rows keep what they have done, so that a stopped one goes on. */
  readonly stateDir?: string;
  /** What the code is: what another code has done is not gone on from. */
  readonly code?: string;
  /** Told how far a long row is. */
  readonly onProgress?: (done: number, total: number, failures: number) => void;
}

/** A promise and how it is measured. */
export interface Row {
  readonly id: string;
  readonly promise: string;
  /** Returns a reason when a part that it needs does not exist here. */
  measure(options: RowOptions): Promise<Figure | string>;
}

const folders = new Set<string>();

/** Runs in a folder that is removed again. */
export async function inFolder<T>(body: (dir: string) => Promise<T>): Promise<T> {
  const dir = Deno.makeTempDirSync({ prefix: "clipa-trust-" });
  folders.add(dir);
  try {
    return await body(dir);
  } finally {
    folders.delete(dir);
    Deno.removeSync(dir, { recursive: true });
  }
}

/** Removes the folders of bodies that will not end, as the process is about to. */
export function removeFolders(): void {
  for (const dir of folders) {
    try {
      Deno.removeSync(dir, { recursive: true });
    } catch { /* something still writes there */ }
  }
}

/** `right` of `total`, as a figure that passes when all are right. */
export function share(right: number, total: number, what: string, problem = ""): Figure {
  const note = `${right} of ${total} ${what}${problem === "" ? "" : `; ${problem}`}`;
  return { pass: right === total && total > 0, figure: right, unit: `of ${total}`, note };
}
