import type { Figure } from "./figure.ts";
import {
  changePoint,
  sameLength,
  seriesBySize,
  sourceLine,
  strategiesOf,
  ticksOf,
  tokensTitle,
} from "./law_panels.ts";
import type { LawTable } from "./law_table.ts";
import { panelFigure, type PanelOptions } from "./panel_figure.ts";

/** Options of {@linkcode changeAgainstTokens}. */
export interface ChangeAgainstTokensOptions extends PanelOptions {
  /** Strategies to draw; default all of the table. */
  readonly strategies?: readonly string[];
}

/**
 * Figures 4 (image) and 7 (text) of paper 1: what shorter inputs cost, one panel a strategy, one line
 * a model size. The law reads: the larger the model, the flatter its line.
 *
 * @throws {RangeError} when a strategy has no row.
 */
export function changeAgainstTokens(
  table: LawTable,
  options: ChangeAgainstTokensOptions = {},
): Figure {
  const strategies = options.strategies ?? strategiesOf(table);
  const ticks = ticksOf([table.fullTokens, ...table.rows.map(({ tokens }) => tokens)]);
  const panels = strategies.map((strategy) => {
    const rows = table.rows.filter((row) => row.strategy === strategy);
    if (rows.length === 0) {
      const known = strategiesOf(table).join(", ");
      throw new RangeError(`strategy "${strategy}" has no row in ${table.source}; it has ${known}`);
    }
    const full = {
      x: table.fullTokens,
      y: 0,
      note: "full length",
    };
    const series = seriesBySize(table, rows, (row) => changePoint(row, row.tokens))
      .map(({ name, points }) => ({
        name,
        points: points.some(({ x }) => x === table.fullTokens) ? points : [...points, full],
      }));
    // Masks keep 99 tokens where a resized picture has 101: each panel names its own.
    const own = (tick: number) =>
      rows.find(({ tokens }) => sameLength(tokens, tick))?.tokens ?? tick;
    return { title: strategy, series, ticks: ticks.map(own) };
  });
  return panelFigure({
    title: `What fewer ${table.side} tokens cost`,
    subtitle: sourceLine(table),
    panels,
    x: {
      title: tokensTitle(table.side),
      log: true,
    },
    y: { title: table.changeTitle },
  }, options);
}
