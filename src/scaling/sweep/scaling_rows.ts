import { parseRecipe } from "../../config/parse_recipe.ts";
import type { Recipe } from "../../config/recipe.ts";
import type { ScalingRow } from "../scaling_row.ts";
import type { DoneRow, SweepRow } from "./sweep_row.ts";

/**
 * The rows of a sweep in the common form of the fits: one for each finished cell and metric that is a
 * share, such as `icons-100.top1` or `retrieval-256.i2t.r1`. A loss is no share and is left out. Of a cell
 * that ran twice the newest row counts.
 *
 * Tokens in pre-training are those of the first stage, full length that of the last.
 *
 * @param rows Rows of a results file, oldest first.
 *
 * ```ts ignore
 * const { rows } = readResults("notebooks/results/law.jsonl");
 * const drops = tokenDrops(scalingRows(rows), { axis: "image", metric: "icons-100.top1" });
 * ```
 */
export function scalingRows(rows: readonly SweepRow[]): ScalingRow[] {
  const newest = new Map(rows.map((row) => [row.cell, row]));
  return [...newest.values()].filter((row) => row.status === "done").flatMap(rowsOf);
}

function rowsOf(row: DoneRow): ScalingRow[] {
  const recipe = parseRecipe(row.recipe, `of cell ${row.cell} in the results of ${row.sweep}`);
  const common = {
    source: `sweep ${row.sweep}`,
    model: modelName(row, recipe),
    parameters: row.parameters.total,
    ...tokens(recipe),
    seed: row.seed,
    compute: row.macs,
  };
  return row.metrics.filter(({ metric }) => metric !== "loss").map((found) => {
    const hits = found.metric === "top1" ? row.classHits[found.bench] : undefined;
    const metric = [found.bench, found.captions, found.metric].filter((part) => part).join(".");
    const counted = hits && countedClasses(hits);
    return {
      ...common,
      metric,
      value: found.value,
      se: found.se,
      n: found.n,
      classHits: counted?.hits ?? null,
      classSizes: counted?.sizes ?? null,
    };
  });
}

/** The tower's label where the sweep has such an axis. */
function modelName({ labels }: DoneRow, { model }: Recipe): string {
  return labels.tower ?? model.preset ?? `width ${model.image.width}`;
}

/** Tokens at the start and at the end, class token and special tokens included. */
function tokens({ model, stages }: Recipe) {
  const [first, last] = [stages[0], stages.at(-1)!];
  const cls = model.image.classToken ? 1 : 0;
  const strategy = (
    short: { strategy: string; tokens: number },
    full: { tokens: number },
  ) => short.tokens === full.tokens ? "none" : short.strategy;
  return {
    imageStrategy: strategy(first.image, last.image),
    imageTokens: first.image.tokens + cls,
    fullImageTokens: last.image.tokens + cls,
    textStrategy: strategy(first.text, last.text),
    textTokens: first.text.tokens,
    fullTextTokens: last.text.tokens,
    tuned: stages.length > 1,
  };
}

/** Classes that have pictures; the others say nothing about an accuracy. */
function countedClasses({ hits, sizes }: DoneRow["classHits"][string]) {
  const kept = sizes.flatMap((size, i) => size > 0 ? [i] : []);
  return { hits: kept.map((i) => hits[i]), sizes: kept.map((i) => sizes[i]) };
}
