import type { Figure } from "./figure.ts";
import { roundTicks, seriesBySize, sourceLine, strategiesOf } from "./law_panels.ts";
import type { LawTable } from "./law_table.ts";
import { panelFigure, type PanelOptions } from "./panel_figure.ts";

/**
 * Figure 10 of paper 1: the score over all tokens that the tower saw in pre-training (tokens of an
 * input times inputs), one panel a strategy. Rows without a number of pairs are left out.
 */
export function scoreAgainstTokensSeen(table: LawTable, options: PanelOptions = {}): Figure {
  const panels = strategiesOf(table).map((strategy) => {
    const rows = table.rows.filter((row) => row.strategy === strategy && row.pairs !== undefined);
    const series = seriesBySize(table, rows, ({ tokens, pairs, score }) => ({
      x: tokens * (pairs ?? 0),
      y: score.value,
      low: score.low,
      high: score.high,
      note: `with ${tokens} tokens`,
    }));
    return { title: strategy, series };
  }).filter(({ series }) => series.length > 0);
  const seen = panels.flatMap(({ series }) =>
    series.flatMap(({ points }) => points.map(({ x }) => x))
  );
  return panelFigure({
    title: `Score by the ${table.side} tokens seen`,
    subtitle: sourceLine(table),
    panels,
    x: { title: `${table.side} tokens seen in pre-training`, log: true, ticks: roundTicks(seen) },
    y: { title: table.scoreTitle },
  }, options);
}
