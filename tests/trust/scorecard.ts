/**
 * Measures the promises and prints them as a table; each row is kept in a file as soon as it is measured,
 * and a stopped run goes on behind the last: `deno run -A --config deno.json tests/trust/scorecard.ts
 * [--json] [--quick] [--again] [--kills N] [--cases N] [--only ID,ID] [--out DIR]`.
 * Exit status 1 when a promise is not kept, 130 when it was stopped; a promise whose parts do not exist is
 * said to be so.
 *
 * @module
 */
import { formatScorecard } from "../../src/cli/commands/trust.ts";
import { measureRows } from "./measure_rows.ts";
import { codeIdentity, ResultsFile } from "./results_file.ts";
import { removeFolders, type Row } from "./row.ts";
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

const ROOT = decodeURIComponent(new URL("../..", import.meta.url).pathname);

if (import.meta.main) await main();

async function main(): Promise<void> {
  const value = (name: string) => {
    const at = Deno.args.indexOf(name);
    return at < 0 ? undefined : Deno.args[at + 1];
  };
  const flag = (name: string) => Deno.args.includes(name);
  const only = value("--only")?.split(",");
  const stateDir = value("--out") ?? "runs/trust";
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(name, () => controller.abort());
  }
  const code = await codeIdentity(ROOT);
  const { results, stopped } = await measureRows({
    rows: ROWS.filter(({ id }) => only?.includes(id) ?? true),
    // What is asked for by name is measured, whether or not it was before.
    again: flag("--again") || only !== undefined,
    options: {
      kills: Number(value("--kills") ?? 50),
      cases: Number(value("--cases") ?? 100_000),
      quick: flag("--quick"),
      signal: controller.signal,
      stateDir,
      code,
    },
    file: new ResultsFile(stateDir),
    say: (text) => console.error(`trust  ${text}`),
  });
  const table = formatScorecard(results);
  if (stopped) {
    if (results.length > 0) console.error(table);
    console.error("trust  stopped; the rows above are kept, run the same command again to go on");
    removeFolders();
    Deno.exit(130);
  }
  console.log(flag("--json") ? JSON.stringify({ results }) : table);
  Deno.exit(results.some(({ pass }) => pass === false) ? 1 : 0);
}
