import type { FuzzReport } from "./fuzz_target.ts";

/** One line of what a target did. */
export function formatReport(report: FuzzReport): string {
  const { name, cases, accepted, messages, failures, slowest, memoryBytes } = report;
  return `${name.padEnd(14)} ${String(cases).padStart(8)} cases  ${accepted} accepted  ` +
    `${messages} messages  slowest ${(slowest * 1000).toFixed(0)} ms  ` +
    `memory +${(memoryBytes / 2 ** 20).toFixed(0)} MiB  ${failures.length} failures`;
}
