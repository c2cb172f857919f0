import { type CellMean, cellMeans, type CellValues } from "../../scaling/fit/cell_means.ts";
import {
  paperComputePoints,
  paperImageRows,
  paperTextRows,
} from "../../scaling/paper/paper_rows.ts";
import { PAPER_TABLES } from "../../scaling/paper/paper_tables.ts";
import { type ComputePoint, paretoFront } from "../../scaling/paper_compute.ts";
import { type ScalingRow, type TokenAxis, tokensOf } from "../../scaling/scaling_row.ts";
import { type TokenDrop, tokenDrops } from "../../scaling/token_drops.ts";
import type { KeptTable } from "./change_against_kept.ts";
import type { LawTable } from "./law_table.ts";
import type { ComputeTable } from "./score_against_compute.ts";

/** What the rows of a table measure and how it is called. */
export interface LawTableOptions {
  readonly axis: TokenAxis;
  /** Such as `icons-100.top1`; needed when rows of several metrics are there. */
  readonly metric?: string;
  /** Unit of the change: points, or the logit, which is fair to models far from 50 %. */
  readonly unit: "points" | "logit";
  readonly source: string;
  /** Name of the metric in the titles, such as `ImageNet-1k top-1`. */
  readonly measure: string;
  /** Pairs of pre-training, where all rows share them. */
  readonly pairs?: number;
}

const SINGLE_RUNS = "single runs, no intervals published";
const POOLED = "bars: 95 % by seeds, standard deviation pooled over all cells";

/**
 * Rows of a paper, of our sweeps or of a CSV file as the table that the figures draw: means over seeds,
 * with intervals as soon as any cell has several.
 *
 * @throws {RangeError} when a row has no run at full length, or rows of several metrics are mixed.
 */
export function lawTable(rows: readonly ScalingRow[], options: LawTableOptions): LawTable {
  const { axis, metric, unit, source, measure, pairs } = options;
  const drops = tokenDrops(rows, { axis, metric });
  const cells = [
    ...grouped(drops, ({ model, strategy, tokens }) => `${model} ${strategy} ${tokens}`),
  ];
  const changes = cellMeans(cells.map((cell): CellValues<TokenDrop> => ({
    key: cell[0],
    values: cell.map((drop) => unit === "points" ? -drop.points : -drop.logit),
  })));
  const scores = cellMeans(cells.map((cell) => ({
    key: cell[0],
    values: cell.map(({ value }) => 100 * value),
  })));
  const full = cellMeans(
    [...grouped(drops, ({ model }) => model)].map((cell) => ({
      key: cell[0],
      values: [...new Set(cell.map(({ baselineRow }) => baselineRow))]
        .map(({ value }) => 100 * value),
    })),
  );
  const sizes = [...full].sort((a, b) => a.key.parameters - b.key.parameters);
  return {
    side: axis,
    source,
    scoreTitle: `${measure}, %`,
    changeTitle: unit === "points" ? `change of ${measure}, points` : `change of logit(${measure})`,
    intervals: changes.some(({ low }) => low !== undefined) ? POOLED : SINGLE_RUNS,
    sizes: sizes.map((mean) => ({ size: mean.key.model, full: estimate(mean) })),
    fullTokens: Math.max(...drops.map(({ fullTokens }) => fullTokens)),
    rows: changes.map((change, i) => ({
      size: change.key.model,
      millions: change.key.parameters / 1e6,
      strategy: change.key.strategy,
      tokens: change.key.tokens,
      change: estimate(change),
      score: estimate(scores[i]),
      ...(change.key.row.compute === null ? {} : { macs: change.key.row.compute }),
      ...(pairs === undefined ? {} : { pairs }),
    })),
  };
}

/** Paper 1: tables 11 (image) and 12 (text). */
export function paperLawTable(axis: TokenAxis): LawTable {
  const rows = axis === "image" ? paperImageRows() : paperTextRows();
  return lawTable(rows, {
    axis,
    unit: "points",
    source: axis === "image" ? "Paper 1, table 11" : "Paper 1, table 12",
    measure: "ImageNet-1k top-1",
    pairs: Number(PAPER_TABLES.compute.setting.pretrainSamples),
  });
}

/** Paper 1, figure 8, on our count of its compute axis, with its Pareto front. */
export function paperComputeTable(): ComputeTable {
  const points = paperComputePoints();
  return {
    ...computeTable(points.map((point) => ({
      ...point,
      note: `${point.imageSize} px, ${point.textTokens} text tokens`,
    }))),
    source: "Paper 1, figure 8",
    intervals: SINGLE_RUNS,
    scoreTitle: "ImageNet-1k top-1, %",
  };
}

/**
 * Tuned rows of a metric over the compute of their whole training, means over seeds.
 *
 * @throws {RangeError} when no row of the metric knows its compute.
 */
export function rowsComputeTable(
  rows: readonly ScalingRow[],
  options: Pick<LawTableOptions, "source" | "measure"> & { readonly metric: string },
): ComputeTable {
  const found = rows.filter((row) =>
    row.metric === options.metric && row.tuned && row.compute !== null
  );
  if (found.length === 0) {
    throw new RangeError(`no tuned row of ${options.metric} knows its compute; run more cells`);
  }
  // Whole pictures and the first words; of masks several stand at one compute.
  const masked = (row: ScalingRow) =>
    !["none", "resize"].includes(row.imageStrategy) ||
    !["none", "truncation"].includes(row.textStrategy);
  const label = (row: ScalingRow) =>
    `${tokensOf(row, "image").strategy} ${row.imageTokens}, text ${row.textTokens}`;
  const cells = [...grouped(found, (row) => `${row.model} ${label(row)}`)];
  const means = cellMeans(cells.map((cell) => ({
    key: cell[0],
    values: cell.map(({ value }) => value),
  })));
  return {
    ...computeTable(means.map(({ key, value, low, high }) => ({
      model: key.model,
      parameters: key.parameters,
      masked: masked(key),
      compute: key.compute!,
      accuracy: value,
      low,
      high,
      note: label(key),
    }))),
    source: options.source,
    intervals: means.some(({ low }) => low !== undefined) ? POOLED : "single runs, no intervals",
    scoreTitle: `${options.measure}, %`,
  };
}

/** CLIPA-v2, figure 2. */
export function paperKeptTable(): KeptTable {
  return {
    source: "CLIPA-v2, figure 2",
    intervals: SINGLE_RUNS,
    changeTitle: "change of ImageNet-1k top-1, points",
    series: PAPER_TABLES.v2TuningMasks.rows.filter(({ draftOnly }) => !draftOnly).map((row) => ({
      name: row.series,
      points: row.points.map(({ keptPercent, change }) => ({ x: keptPercent, y: change })),
    })),
  };
}

/**
 * The same of our own runs, means over seeds.
 *
 * @param drops By the tokens of the tuning stage: `tokenDrops` of rows with `stage: "last"`.
 */
export function keptTable(
  drops: readonly TokenDrop[],
  { source, measure }: Pick<LawTableOptions, "source" | "measure">,
): KeptTable {
  const cells = [...grouped(drops, ({ model, tokens }) => `${model} ${tokens}`)];
  const means = cellMeans(cells.map((cell) => ({
    key: cell[0],
    values: cell.map(({ points }) => -points),
  })));
  return {
    source,
    intervals: means.some(({ low }) => low !== undefined) ? POOLED : "single runs, no intervals",
    changeTitle: `change of ${measure}, points`,
    series: [...grouped(bySize(means, ({ key }) => key.parameters), ({ key }) => key.model)].map((
      series,
    ) => ({
      name: series[0].key.model,
      points: [
        ...series.map((mean) => {
          const { value, ...bar } = estimate(mean);
          return { x: keptPercent(mean.key), y: value, ...bar };
        }),
        { x: 100, y: 0 },
      ],
    })),
  };
}

/** Share of the patches; a picture's patches are a square number, what is above it is the class token. */
function keptPercent({ tokens, fullTokens }: TokenDrop): number {
  const classToken = Number.isInteger(Math.sqrt(fullTokens)) ? 0 : 1;
  return 100 * (tokens - classToken) / (fullTokens - classToken);
}

interface LabelledPoint extends ComputePoint {
  readonly model: string;
  /** Size, for the order of the series; default the order of the points. */
  readonly parameters?: number;
  /** Whether it saw parts of pictures or captions only. */
  readonly masked?: boolean;
  readonly low?: number;
  readonly high?: number;
  readonly note: string;
}

function computeTable(points: readonly LabelledPoint[]) {
  const drawn = ({ compute, accuracy, low, high, note }: LabelledPoint) => ({
    x: compute,
    y: 100 * accuracy,
    ...(low === undefined || high === undefined ? {} : { low: 100 * low, high: 100 * high }),
    note,
  });
  return {
    computeTitle: "multiply-accumulates of all forward passes",
    series: [false, true].flatMap((masks) => {
      const some = bySize(points, ({ parameters }) => parameters ?? 0)
        .filter(({ masked = false }) => masked === masks);
      return [...grouped(some, ({ model }) => model)].map((series) => ({
        name: masks ? `${series[0].model}, masks` : series[0].model,
        ...(masks ? { besides: series[0].model } : {}),
        points: series.map(drawn),
      }));
    }),
    front: paretoFront(points).map(drawn),
  };
}

function bySize<T>(items: readonly T[], size: (item: T) => number): T[] {
  return [...items].sort((a, b) => size(a) - size(b));
}

function estimate({ value, low, high }: CellMean<unknown>) {
  return low === undefined || high === undefined ? { value } : { value, low, high };
}

function grouped<T>(items: readonly T[], key: (item: T) => string): IterableIterator<T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...groups.get(key(item)) ?? [], item]);
  return groups.values();
}
