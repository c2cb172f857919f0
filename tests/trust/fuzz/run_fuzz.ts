/**
 * Gives every reader of foreign files changed inputs:
 * `deno run -A --config deno.json tests/trust/fuzz/run_fuzz.ts [cases] [seed] [target] [--state FILE]`.
 * Ctrl-C prints what was done so far; with a state file the same command goes on from there. Exit status 1
 * when a reader failed, 130 when it was stopped; the inputs are printed as base64.
 *
 * @module
 */
import { formatReport } from "./format_report.ts";
import { fuzzAll } from "./fuzz_all.ts";
import { progressLine } from "./progress_line.ts";

if (import.meta.main) {
  const at = Deno.args.indexOf("--state");
  const statePath = at < 0 ? undefined : Deno.args[at + 1];
  const [cases = "20000", seed = "1", only] = at < 0 ? Deno.args : Deno.args.toSpliced(at, 2);
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(name, () => controller.abort());
  }
  const startMs = performance.now();
  const { reports, stopped } = await fuzzAll(Number(cases), Number(seed), {
    only,
    statePath,
    signal: controller.signal,
    onProgress: progressLine("fuzz"),
  });
  for (const report of reports) console.log(formatReport(report));
  for (const { name, failures } of reports) {
    for (const { input, problem } of failures) {
      console.log(`\n${name}: ${problem}\n${Uint8Array.from(input).toBase64()}`);
    }
  }
  const total = reports.reduce((sum, report) => sum + report.cases, 0);
  const seconds = (performance.now() - startMs) / 1000;
  console.log(
    `${total} cases, ${seconds.toFixed(0)} s${stopped ? "; stopped before the end" : ""}`,
  );
  const failed = reports.some(({ failures }) => failures.length > 0);
  Deno.exit(failed ? 1 : stopped ? 130 : 0);
}
