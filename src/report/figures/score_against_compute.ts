import type { Figure, Trace } from "./figure.ts";
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
  /** Points alone, when the points of a series do not form a line. */
  readonly markersOnly?: boolean;
}

/**
 * Figure 8 of paper 1: the score over the compute of the whole training. The practical message of the
 * law: at equal compute take the larger model and shorter inputs. With `front`, the Pareto front is
 * drawn too.
 */
export function scoreAgainstCompute(table: ComputeTable): Figure {
  const { data, layout } = panelFigure({
    title: "Score by training compute",
    subtitle: `${table.source}; ${table.intervals}`,
    panels: [{ title: "", series: table.series }],
    x: { title: table.computeTitle, log: true, exact: true },
    y: { title: table.scoreTitle },
    markersOnly: table.markersOnly,
  });
  return table.front === undefined
    ? { data, layout }
    : { data: [front(table.front), ...data], layout };
}

/** A broad pale stair below the series: what can be had for at most so much compute. */
function front(points: readonly SeriesPoint[]): Trace {
  return {
    type: "scatter",
    mode: "lines",
    name: "Pareto front",
    x: points.map(({ x }) => x),
    y: points.map(({ y }) => y),
    hovertemplate: "best at %{x}: %{y:.2f}",
    line: { color: "#8c959f", width: 7, shape: "hv" },
    opacity: 0.4,
    legendgroup: "Pareto front",
    showlegend: true,
    xaxis: "x",
    yaxis: "y",
  };
}
