import { applyOverride } from "../../config/apply_override.ts";
import { parseRecipe } from "../../config/parse_recipe.ts";
import type { PlainObject } from "../../config/plain_object.ts";
import type { Recipe } from "../../config/recipe.ts";
import type { Sweep } from "../../config/sweep.ts";
import { sha256 } from "../../checkpoint/safetensors.ts";

/** One run of a sweep. */
export interface SweepCell {
  /** Stable: a hash of what the recipe computes. */
  readonly id: string;
  /** Axis → label. */
  readonly labels: Readonly<Record<string, string>>;
  readonly recipe: Recipe;
  /** Hash of everything up to the last stage: cells that share it differ in tuning only. */
  readonly prefix: string | null;
}

const ID_LENGTH = 12;

/** `small/resize-36/1`: the labels of a cell, in the order of the axes. */
export function cellLabel({ labels }: Pick<SweepCell, "labels">): string {
  return Object.values(labels).join("/");
}

/**
 * The cells of a sweep, in the order in which they are listed.
 *
 * @throws {RangeError} when a recipe is not allowed (names the cell), or when two cells compute the same
 * (names both): a row of results must belong to one cell.
 */
export function sweepCells(sweep: Sweep): SweepCell[] {
  const cells: SweepCell[] = [];
  const taken = new Map<string, SweepCell>();
  sweep.runs.forEach((run) => {
    for (const labels of combinations(Object.entries(run))) {
      const cell = makeCell(sweep, labels);
      const twin = taken.get(cell.id);
      if (twin !== undefined) {
        const [a, b] = [cellLabel(twin), cellLabel(cell)];
        throw new RangeError(
          `sweep ${sweep.name}: the cells ${a} and ${b} collide: ` +
            (a === b
              ? "it is listed twice; take it out of one group of runs"
              : "their recipes compute the same; change a value, or leave one out"),
        );
      }
      taken.set(cell.id, cell);
      cells.push(cell);
    }
  });
  return cells;
}

/** Hash of everything in a recipe that its result depends on. */
export function cellId(recipe: Recipe): string {
  // How often a run reports or saves changes nothing that it finds.
  const {
    name: _name,
    checkpoint: _checkpoint,
    eval: { everySamples: _every, ...evaluated },
    ...rest
  } = recipe;
  return hashOf({ ...rest, eval: evaluated });
}

/** Hash of the training up to the last stage; null when there is one stage only. */
export function prefixId(recipe: Recipe): string | null {
  const { data, model, stages, loss, optimizer, precision, seed } = recipe;
  if (stages.length < 2) return null;
  return hashOf({ data, model, stages: stages.slice(0, -1), loss, optimizer, precision, seed });
}

/** The recipe of the stages before the last, which evaluates nothing. */
export function prefixRecipe(recipe: Recipe, id: string): Recipe {
  return {
    ...recipe,
    name: `before-${id}`,
    stages: recipe.stages.slice(0, -1),
    eval: { benches: [], retrieval: [], everySamples: null },
  };
}

function makeCell(sweep: Sweep, labels: Record<string, string>): SweepCell {
  const label = cellLabel({ labels });
  const raw: PlainObject = { ...structuredClone(sweep.recipe), name: sweep.name };
  for (const [axis, chosen] of Object.entries(labels)) {
    for (const [path, value] of Object.entries(sweep.axes[axis][chosen])) {
      applyOverride(raw, path, structuredClone(value));
    }
  }
  const recipe = parseRecipe(raw, `of sweep ${sweep.name}, cell ${label}`);
  const id = cellId(recipe);
  return {
    id,
    labels,
    recipe: { ...recipe, name: `${sweep.name}-${id}` },
    prefix: prefixId(recipe),
  };
}

function* combinations(
  axes: readonly (readonly [axis: string, labels: readonly string[]])[],
): Generator<Record<string, string>> {
  if (axes.length === 0) {
    yield {};
    return;
  }
  const [[axis, labels], ...rest] = axes;
  for (const label of labels) {
    for (const others of combinations(rest)) yield { [axis]: label, ...others };
  }
}

function hashOf(value: unknown): string {
  return sha256(new TextEncoder().encode(JSON.stringify(sorted(value)))).slice(0, ID_LENGTH);
}

/** The same value with the keys of its objects in order, so that its text does not depend on theirs. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map(([key, v]) => [key, sorted(v)]),
  );
}
