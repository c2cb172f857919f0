import type { Recipe } from "../../config/recipe.ts";
import type { SweepResults } from "./results_file.ts";
import { cellLabel, type SweepCell } from "./sweep_cell.ts";

/** What is to be done about a cell. */
export interface PlannedCell {
  readonly cell: SweepCell;
  /** `open` runs; `failed` runs only when it is asked for; `left` was not chosen. */
  readonly state: "done" | "failed" | "open" | "left";
  /** Key of the stages that it shares with other cells; null when it trains all of them itself. */
  readonly shared: string | null;
  /** Why it failed before. */
  readonly reason?: string;
}

/** A sweep set against its results. */
export interface SweepPlan {
  readonly cells: readonly PlannedCell[];
  /** Ids in the results that the sweep does not have. */
  readonly unknown: readonly string[];
}

/** Which cells are to run. */
export interface PlanChoice {
  /** Id or label of a cell, or how labels begin: `small/resize-36`. */
  readonly only?: string;
  readonly retryFailed: boolean;
}

/**
 * What is left to do.
 *
 * @throws {RangeError} when `only` fits no cell; lists some.
 */
export function planSweep(
  cells: readonly SweepCell[],
  { newest }: SweepResults,
  { only, retryFailed }: PlanChoice,
): SweepPlan {
  const chosen = (cell: SweepCell) =>
    only === undefined || cell.id === only || cellLabel(cell) === only ||
    cellLabel(cell).startsWith(`${only}/`);
  if (!cells.some(chosen)) {
    const some = cells.slice(0, 5).map((cell) => `${cellLabel(cell)} (${cell.id})`).join(", ");
    throw new RangeError(`--only ${only}: no such cell; there are ${cells.length}: ${some}, …`);
  }
  const sharers = new Map<string, number>();
  for (const { prefix } of cells) {
    if (prefix !== null) sharers.set(prefix, (sharers.get(prefix) ?? 0) + 1);
  }
  const ids = new Set(cells.map(({ id }) => id));
  return {
    cells: cells.map((cell) => {
      const row = newest.get(cell.id);
      const shared = (sharers.get(cell.prefix ?? "") ?? 0) > 1 ? cell.prefix : null;
      if (row?.status === "done") return { cell, state: "done", shared };
      if (!chosen(cell)) return { cell, state: "left", shared };
      if (row === undefined || retryFailed) return { cell, state: "open", shared };
      return { cell, state: "failed", shared, reason: row.reason };
    }),
    unknown: [...newest.keys()].filter((id) => !ids.has(id)),
  };
}

/** Seconds that open cells need, shared stages counted once. */
export interface PlanCost {
  /** Cell id → seconds of what it trains itself. */
  readonly cells: ReadonlyMap<string, number>;
  /** Shared key → seconds of those stages. */
  readonly shared: ReadonlyMap<string, number>;
  readonly total: number;
}

/** Predicts the cost of a plan. @param predict Seconds of each stage of a recipe. */
export async function planCost(
  { cells }: SweepPlan,
  predict: (recipe: Recipe) => Promise<readonly number[]>,
): Promise<PlanCost> {
  const own = new Map<string, number>();
  const shared = new Map<string, number>();
  for (const { cell, state, shared: key } of cells) {
    if (state !== "open") continue;
    const stages = await predict(cell.recipe);
    const before = stages.slice(0, -1).reduce((sum, seconds) => sum + seconds, 0);
    if (key !== null) shared.set(key, before);
    own.set(cell.id, stages.at(-1)! + (key === null ? before : 0));
  }
  const sum = (map: Map<string, number>) => [...map.values()].reduce((all, s) => all + s, 0);
  return { cells: own, shared, total: sum(own) + sum(shared) };
}
