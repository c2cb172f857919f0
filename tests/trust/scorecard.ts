/**
 * Measures the promises and prints them as a table:
 * `deno run -A --config deno.json tests/trust/scorecard.ts [--json] [--quick] [--kills N] [--only ID]`.
 * Exit status 1 when a promise is not kept; a promise whose parts do not exist is said to be so.
 *
 * @module
 */
import { formatScorecard, type Scored } from "../../src/cli/commands/trust.ts";
import type { Figure, Row, RowOptions } from "./row.ts";
import { exactResume, sameBits } from "./rows/bits.ts";
import { batchOrder, brokenSamples, hostileFiles } from "./rows/data.ts";
import { deadRank } from "./rows/dead_rank.ts";
import { flippedBytes, fullDisk } from "./rows/disk.ts";
import { kill } from "./rows/kill.ts";
import { checksFirst } from "./rows/preflight.ts";
import { spikes } from "./rows/spikes.ts";
import { noLeak, notFinite, parity, parts, stall } from "./rows/training.ts";

/** Every promise, in order. */
export const ROWS: readonly Row[] = [
  sameBits,
  exactResume,
  kill,
  fullDisk,
  flippedBytes,
  batchOrder,
  notFinite,
  spikes,
  brokenSamples,
  hostileFiles,
  deadRank,
  stall,
  noLeak,
  parts,
  parity,
  checksFirst,
].toSorted((a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1)));

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

if (import.meta.main) {
  const value = (name: string) => {
    const at = Deno.args.indexOf(name);
    return at < 0 ? undefined : Deno.args[at + 1];
  };
  const only = value("--only");
  const options = {
    kills: Number(value("--kills") ?? 50),
    quick: Deno.args.includes("--quick"),
  };
  const results: Scored[] = [];
  for (const row of ROWS.filter(({ id }) => id === (only ?? id))) {
    console.error(`trust  ${row.id}  ${row.promise}`);
    const result = await measureRow(row, options);
    console.error(
      `trust  ${row.id}  ${result.pass === null ? "" : result.pass ? "kept  " : "BROKEN  "}` +
        `${result.figure ?? ""} ${result.unit}  ${result.note}`,
    );
    results.push(result);
  }
  console.log(
    Deno.args.includes("--json") ? JSON.stringify({ results }) : formatScorecard(results),
  );
  Deno.exit(results.some(({ pass }) => pass === false) ? 1 : 0);
}
