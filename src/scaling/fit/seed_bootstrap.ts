import type { ScalingRow } from "../scaling_row.ts";
import type { TokenDrop } from "../token_drops.ts";
import { fitLaw, type LawPoint } from "./law_fit.ts";
import type { DropMeasure } from "../law_points.ts";
import { drawnLogit } from "./compare_drops.ts";
import { randomIndex } from "./random_index.ts";
import { collectDraws, type IntervalOptions, type LawDraws } from "./residual_bootstrap.ts";

/** The seeds and the classes are drawn apart from each other. */
const SEED_STREAM = 0x5eed, CLASS_STREAM = 0xc1a5;

/**
 * The law of our own sweep with an interval that covers what a second sweep would find: for each
 * model its seeds are drawn with replacement, the same draw at all lengths, since a cell and its
 * full-length run share a seed; and where the rows record hits by class the classes are drawn too,
 * the same for all runs. The law is refitted each time.
 *
 * @param drops One for each cell and seed; every model with the same seeds at all lengths.
 * @throws {RangeError} as {@linkcode fitLaw}, or when a model has fewer than two seeds or not the same
 * seeds at each length.
 */
export function seedBootstrap(
  drops: readonly TokenDrop[],
  options: IntervalOptions & { readonly measure?: DropMeasure } = {},
): LawDraws {
  const { draws = 1000, seed = 0, measure = "points" } = options;
  const groups = groupBySeed(drops);
  const classes = sharedClasses(drops);
  const fit = fitLaw(meanPoints(groups, (model) => model.seeds, (drop) => drop[measure]));
  return collectDraws(fit, classes > 0 ? "seeds and classes" : "seeds", draws, (draw) => {
    const picked = Array.from(
      { length: classes },
      (_, i) => randomIndex(classes, seed ^ CLASS_STREAM, draw, i),
    );
    return meanPoints(
      groups,
      (model, m) =>
        model.seeds.map((_, i) =>
          model.seeds[randomIndex(model.seeds.length, seed ^ SEED_STREAM, draw, 1000 * m + i)]
        ),
      (drop) => classes > 0 ? dropOn(drop, picked, measure) : drop[measure],
    );
  });
}

interface ModelGroup {
  readonly seeds: readonly (number | null)[];
  /** Cell → seed → drop. */
  readonly cells: ReadonlyMap<string, ReadonlyMap<number | null, TokenDrop>>;
}

function groupBySeed(drops: readonly TokenDrop[]): ModelGroup[] {
  const models = Map.groupBy(drops, ({ model }) => model);
  return [...models].map(([model, own]) => {
    const seeds = [...new Set(own.map(({ seed }) => seed))];
    if (seeds.length < 2) {
      throw new RangeError(
        `${model}: seen ${seeds.length} seeds; allowed: at least two; for a table without seeds use the ` +
          "interval of the fit's residuals",
      );
    }
    const cells = new Map(
      [...Map.groupBy(own, ({ strategy, tokens }) => `${strategy} ${tokens}`)].map(
        ([cell, rows]) => {
          const bySeed = new Map(rows.map((drop) => [drop.seed, drop]));
          const missing = seeds.filter((seed) => !bySeed.has(seed));
          if (missing.length > 0 || rows.length !== seeds.length) {
            throw new RangeError(
              `${model}, ${cell} tokens: seen seeds ${
                rows.map((r) => r.seed).join(", ")
              }; allowed: each of ` +
                `${seeds.join(", ")} once, as at the model's other lengths`,
            );
          }
          return [cell, bySeed] as const;
        },
      ),
    );
    return { seeds, cells };
  });
}

function meanPoints(
  groups: readonly ModelGroup[],
  pick: (model: ModelGroup, index: number) => readonly (number | null)[],
  points: (drop: TokenDrop) => number,
): LawPoint[] {
  return groups.flatMap((model, index) => {
    const seeds = pick(model, index);
    return [...model.cells.values()].map((bySeed) => {
      const own = seeds.map((seed) => bySeed.get(seed)!);
      const [{ tokens, fullTokens, parameters }] = own;
      const drop = own.reduce((sum, each) => sum + points(each), 0) / own.length;
      return { tokens, fullTokens, parameters, drop };
    });
  });
}

/** Classes that every run records in the same order; 0 when some run does not. */
function sharedClasses(drops: readonly TokenDrop[]): number {
  const rows = drops.flatMap(({ row, baselineRow }) => [row, baselineRow]);
  const sizes = rows[0]?.classSizes?.join();
  const shared = sizes !== undefined &&
    rows.every((row) => row.classSizes?.join() === sizes && row.classHits !== null);
  return shared ? rows[0].classSizes!.length : 0;
}

function dropOn(
  { row, baselineRow }: TokenDrop,
  picked: readonly number[],
  measure: DropMeasure,
): number {
  if (measure === "logit") return drawnLogit(baselineRow, picked) - drawnLogit(row, picked);
  return 100 * (drawnShare(baselineRow, picked) - drawnShare(row, picked));
}

function drawnShare({ classHits, classSizes }: ScalingRow, picked: readonly number[]): number {
  let right = 0, total = 0;
  for (const index of picked) {
    right += classHits![index];
    total += classSizes![index];
  }
  return right / total;
}
