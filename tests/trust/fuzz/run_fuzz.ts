/**
 * Gives every reader of foreign files changed inputs:
 * `deno run -A --config deno.json tests/trust/fuzz/run_fuzz.ts [cases] [seed] [target]`.
 * Exit status 1 when a reader failed; the inputs are printed as base64.
 *
 * @module
 */
import { toBase64 } from "../../../src/report/to_base64.ts";
import { fuzz, type FuzzReport } from "./fuzz_target.ts";
import { Dice } from "./mutate.ts";
import { fuzzTargets } from "./targets.ts";

/** Fuzzes all targets, `cases` inputs in total; slow targets get their share of time, not of inputs. */
export async function fuzzAll(
  cases: number,
  seed: number,
  options: { only?: string; signal?: AbortSignal; onTarget?: (report: FuzzReport) => void } = {},
): Promise<FuzzReport[]> {
  const targets = fuzzTargets().filter(({ name }) => name === (options.only ?? name));
  const shares = targets.map(({ slowness = 1 }) => 1 / slowness);
  const total = shares.reduce((sum, share) => sum + share, 0);
  const reports: FuzzReport[] = [];
  for (const [i, target] of targets.entries()) {
    const own = Math.ceil(cases * shares[i] / total);
    const report = await fuzz(target, own, new Dice(seed + i), options.signal);
    options.onTarget?.(report);
    reports.push(report);
  }
  return reports;
}

if (import.meta.main) {
  const [cases = "20000", seed = "1", only] = Deno.args;
  const start = performance.now();
  const reports = await fuzzAll(Number(cases), Number(seed), {
    only,
    onTarget: ({ name, cases, accepted, messages, failures, slowest, memoryBytes }) =>
      console.log(
        `${name.padEnd(12)} ${String(cases).padStart(8)} cases  ${accepted} accepted  ` +
          `${messages} messages  slowest ${(slowest * 1000).toFixed(0)} ms  ` +
          `memory +${(memoryBytes / 2 ** 20).toFixed(0)} MiB  ${failures.length} failures`,
      ),
  });
  for (const { name, failures } of reports) {
    for (const { input, problem } of failures) {
      console.log(`\n${name}: ${problem}\n${toBase64(input)}`);
    }
  }
  console.log(`${((performance.now() - start) / 1000).toFixed(0)} s`);
  Deno.exit(reports.some(({ failures }) => failures.length > 0) ? 1 : 0);
}
