import type { Figure } from "./figure.ts";
import { panelFigure } from "./panel_figure.ts";
import type { FigureSeries, SeriesPoint } from "./series.ts";

/** What {@linkcode scoreAgainstCompute} draws. */
export interface ComputeTable {
  readonly source: string;
  /** What the intervals are, or why there are none. */
  readonly intervals: string;
  readonly scoreTitle: string;
  /** What x is, with its unit. */
  readonly computeTitle: string;
  /** One series a model size. */
  readonly series: readonly FigureSeries[];
  /** The points that no other point beats at less or equal compute, from cheap to dear. */
  readonly front?: readonly SeriesPoint[];
}

/**
 * Figure 8 of paper 1: the score over the compute of the whole training. The practical message of the
 * law: at equal compute take the larger model and shorter inputs. With `front`, the Pareto front is
 * drawn too.
 */
export function scoreAgainstCompute(table: ComputeTable): Figure {
  const { front } = table;
  const series = front === undefined
    ? table.series
    : [...table.series, { name: "Pareto front", points: front }];
  return panelFigure({
    title: "At equal compute, larger and shorter wins",
    subtitle: `${table.source}; ${table.intervals}`,
    panels: [{ title: "", series }],
    x: { title: table.computeTitle, log: true },
    y: { title: table.scoreTitle },
  });
}
