import { loadSweep } from "../../src/config/load_sweep.ts";
import { parameterCounts } from "../../src/model/model_cost.ts";
import { trainingMacs } from "../../src/scaling/sweep/make_row.ts";
import { type SweepCell, sweepCells } from "../../src/scaling/sweep/sweep_cell.ts";
import { type SweepRow, sweepRowSchema } from "../../src/scaling/sweep/sweep_row.ts";

const CLASSES = 100, EACH = 20;

/** A finished row of a cell with a made-up accuracy: the small tower loses twice as many logits. */
function made(sweep: string, { id, labels, recipe }: SweepCell): SweepRow {
  const [first] = recipe.stages;
  const lost = 36 / first.image.tokens - 1;
  const factor = { small: 0.2, middle: 0.15, large: 0.1 }[labels.tower] ?? 0;
  const noise = 0.04 * Math.sin(5 * recipe.seed + first.image.tokens + recipe.model.embed);
  const odds = -1 - factor * lost ** 0.7 + noise;
  const hits = Array.from({ length: CLASSES }, (_, i) => {
    const share = 1 / (1 + Math.exp(-(odds + 2 * (i / (CLASSES - 1) - 0.5))));
    return Math.round(EACH * share);
  });
  const n = CLASSES * EACH;
  const value = hits.reduce((sum, right) => sum + right, 0) / n;
  const full = recipe.stages[recipe.stages.length - 1];
  const metric = {
    split: "test",
    resolution: 48,
    textTokens: 8,
    truncatedPrompts: 0,
    classes: CLASSES,
  };
  return sweepRowSchema.parse({
    cell: id,
    sweep,
    labels,
    commit: null,
    dirty: null,
    library: "0",
    host: { cpu: "test", cores: 1, threads: 1 },
    ended: "2026-01-01T00:00:00Z",
    status: "done",
    recipeHash: "0",
    recipe: JSON.parse(JSON.stringify(recipe)),
    seed: recipe.seed,
    parameters: parameterCounts(recipe.model, full.image.size, full.text.tokens),
    macs: trainingMacs(recipe),
    stages: [],
    shared: null,
    seconds: 1,
    metrics: [
      { ...metric, bench: "icons-100", metric: "top1", value, se: 0.01, n },
      { ...metric, bench: "heldout-loss", metric: "loss", value: 3.2, se: null, n },
      {
        ...metric,
        bench: "retrieval-ph",
        metric: "i2t.r1",
        value: 0.2,
        se: 0.01,
        n,
        captions: "a",
      },
      {
        ...metric,
        bench: "retrieval-ph",
        metric: "i2t.r1",
        value: 0.3,
        se: 0.01,
        n,
        captions: "b",
      },
    ],
    classHits: { "icons-100": { hits, sizes: new Array(CLASSES).fill(EACH) } },
  });
}

/** Made-up rows of all cells of a committed sweep. */
export function rowsOf(name: string): SweepRow[] {
  return sweepCells(loadSweep(name)).map((cell) => made(name, cell));
}
