import type { Figure } from "./figure.ts";
import { changePoint, sameLength, sourceLine, strategiesOf, ticksOf } from "./law_panels.ts";
import type { LawTable } from "./law_table.ts";
import { panelFigure, type PanelOptions } from "./panel_figure.ts";

/**
 * Figure 9 of paper 1: the same numbers over the size of the model, one panel a strategy, one line a
 * number of tokens. The law reads: the lines rise to the right.
 */
export function changeAgainstSize(table: LawTable, options: PanelOptions = {}): Figure {
  const all = [...new Set(table.rows.map((row) => row.tokens))].sort((a, b) => a - b);
  const lengths = ticksOf(all).reverse();
  const nameOf = (n: number) => `${all.filter((other) => sameLength(other, n)).join("/")} tokens`;
  const panels = strategiesOf(table).map((strategy) => ({
    title: strategy,
    series: lengths.map((n) => ({
      name: nameOf(n),
      points: table.rows
        .filter((row) => row.strategy === strategy && sameLength(row.tokens, n))
        .map((row) => ({ ...changePoint(row, row.millions), note: row.size })),
    })).filter(({ points }) => points.length > 0),
  }));
  return panelFigure({
    title: `What fewer ${table.side} tokens cost, by the size of the model`,
    subtitle: sourceLine(table),
    panels,
    x: {
      title: "parameters of both towers, millions",
      log: true,
      ticks: ticksOf(table.rows.map(({ millions }) => millions)),
    },
    y: { title: table.changeTitle },
  }, options);
}
