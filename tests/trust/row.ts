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
  /** True in the ordinary tests: the same checks, fewer times. */
  readonly quick: boolean;
}

/** A promise and how it is measured. */
export interface Row {
  readonly id: string;
  readonly promise: string;
  /** Returns a reason when a part that it needs does not exist here. */
  measure(options: RowOptions): Promise<Figure | string>;
}

/** Runs in a folder that is removed again. */
export async function inFolder<T>(body: (dir: string) => Promise<T>): Promise<T> {
  const dir = Deno.makeTempDirSync({ prefix: "clipa-trust-" });
  try {
    return await body(dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

/** `right` of `total`, as a figure that passes when all are right. */
export function share(right: number, total: number, what: string, problem = ""): Figure {
  const note = `${right} of ${total} ${what}${problem === "" ? "" : `; ${problem}`}`;
  return { pass: right === total && total > 0, figure: right, unit: `of ${total}`, note };
}
