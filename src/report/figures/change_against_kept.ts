import type { Figure } from "./figure.ts";
import { ticksOf } from "./law_panels.ts";
import { panelFigure } from "./panel_figure.ts";
import type { FigureSeries } from "./series.ts";

/** What {@linkcode changeAgainstKept} draws. */
export interface KeptTable {
  readonly source: string;
  /** What the intervals are, or why there are none. */
  readonly intervals: string;
  readonly changeTitle: string;
  /** One series a model size; x is the share of the patches kept in tuning, in percent. */
  readonly series: readonly FigureSeries[];
}

/** Figure 2 of CLIPA-v2: what masking in the tuning stage costs. The law holds there too. */
export function changeAgainstKept(table: KeptTable): Figure {
  return panelFigure({
    title: "What masks in tuning cost",
    subtitle: `${table.source}; ${table.intervals}`,
    panels: [{ title: "", series: table.series }],
    x: {
      title: "patches kept in tuning, %",
      ticks: ticksOf(table.series.flatMap(({ points }) => points.map(({ x }) => x))),
    },
    y: { title: table.changeTitle },
  });
}
