import { stageSteps } from "../../config/stage_numbers.ts";
import type { PlanCost, SweepPlan } from "./plan_sweep.ts";
import type { SweepState } from "./run_sweep.ts";
import { cellLabel } from "./sweep_cell.ts";

const BAR = 16;

/** The plan as lines of text: one for each cell that runs, then the cost of all. */
export function formatPlan(plan: SweepPlan, cost: PlanCost, parallel: number): string[] {
  const lines = plan.cells.filter(({ state }) => state === "open").map(({ cell, shared }) => {
    const pairs = cell.recipe.stages.reduce((sum, s) => sum + stageSteps(s) * s.batch, 0);
    return `  ${cell.id}  ${cellLabel(cell).padEnd(28)} ${String(pairs).padStart(9)} pairs  ` +
      `${formatDuration(cost.cells.get(cell.id) ?? 0).padStart(8)}` +
      (shared === null ? "" : `  after pre-training ${shared}`);
  });
  const count = (wanted: string) => plan.cells.filter(({ state }) => state === wanted).length;
  const failed = count("failed");
  return [
    ...lines,
    ...[...cost.shared].map(([key, seconds]) =>
      `  ${key}  shared pre-training`.padEnd(61) + formatDuration(seconds).padStart(8)
    ),
    `${plan.cells.length} cells: ${count("done")} done, ${count("open")} to run` +
    (failed > 0 ? `, ${failed} failed before (--retry-failed runs them again)` : ""),
    ...(plan.unknown.length > 0
      ? [`${plan.unknown.length} rows of cells that the sweep no longer has are kept as they are`]
      : []),
    `predicted: ${formatDuration(cost.total)} of training, about ` +
    `${formatDuration(cost.total / Math.max(1, Math.min(parallel, count("open"))))} with ` +
    `${parallel} at a time when nothing else runs; loading data and evaluation not counted`,
  ];
}

/** How far a sweep is, as lines of text: the whole first, then each job that runs. */
export function formatState(name: string, state: SweepState): string[] {
  const { done, failed, total, running, etaSeconds } = state;
  const eta = etaSeconds === null ? "" : `  ETA ${formatDuration(etaSeconds)}`;
  return [
    `${name}  ${done}/${total} done${failed > 0 ? `, ${failed} failed` : ""}${eta}`,
    ...running.map(({ label, progress }) => {
      if (progress === null) return `  ${label.padEnd(32)} starting`;
      const share = progress.total > 0 ? Math.min(1, progress.done / progress.total) : 0;
      const filled = Math.floor(share * BAR);
      const bar = "#".repeat(filled) + "-".repeat(BAR - filled);
      return `  ${label.padEnd(32)} ${progress.label.padEnd(14)} [${bar}] ` +
        `${Math.floor(100 * share).toString().padStart(3)} %  ${progress.note ?? ""}`.trimEnd();
    }),
  ];
}

/** `1:02:03` or `2:03`. */
export function formatDuration(seconds: number): string {
  const whole = Math.ceil(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const end = String(whole % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${end}` : `${minutes}:${end}`;
}
