import type { Axis, Figure, Layout, Trace } from "./figure.ts";
import { plotlyText } from "./plotly_text.ts";
import type { FigureSeries, Panel, SeriesPoint } from "./series.ts";
import { movedApart } from "./moved_apart.ts";
import { FONT, GRID, GROUND, INK, looksOf, seriesStyle } from "./style.ts";

/** An axis as a figure asks for it. */
export interface AxisSpec {
  readonly title: string;
  readonly log?: boolean;
  /** Points stay where they are, though one bar may hide another. */
  readonly exact?: boolean;
  /** Places of the ticks; default Plotly's choice. */
  readonly ticks?: readonly number[];
  /** Digits behind the point of the values in the hover text; default 2. */
  readonly digits?: number;
}

/** What {@linkcode panelFigure} draws. */
export interface PanelSpec {
  readonly title: string;
  /** One line below the title: where the numbers come from and what the bars are. */
  readonly subtitle: string;
  readonly panels: readonly Panel[];
  readonly x: AxisSpec;
  readonly y: AxisSpec;
  /** Points alone instead of lines through them. */
  readonly markersOnly?: boolean;
}

/** How panels are laid out. */
export interface PanelOptions {
  /** Panels in a row; default all. A phone wants 1. */
  readonly columns?: number;
}

/** Name of the annotations that are headings of panels. */
export const PANEL_HEADING = "panel";

const GAP = 0.03;
const PANEL_HEIGHT = 270;
const TOP = 108;
const BOTTOM = 60;
const ROW_GAP = 78;

/**
 * Panels with common axes and one legend. A series of one name is one entry of the legend and looks
 * the same in every panel; a click on it hides it in all of them.
 *
 * @throws {RangeError} when there is no panel, or a logarithmic axis would show a value of 0 or less.
 */
export function panelFigure(spec: PanelSpec, options: PanelOptions = {}): Figure {
  const { panels } = spec;
  if (panels.length === 0) {
    throw new RangeError(`"${spec.title}" has no panel: no row of the table can be drawn in it`);
  }
  checkLogarithm(spec);
  const columns = Math.max(1, Math.min(options.columns ?? panels.length, panels.length));
  const rows = Math.ceil(panels.length / columns);
  const plotHeight = rows * PANEL_HEIGHT + (rows - 1) * ROW_GAP;
  const looks = looksOf([...new Set(panels.flatMap(({ series }) => series.map(lookName)))]);
  const places = movedApart(spec.x.exact ? [] : panels, spec.x.log === true);
  const shown = new Set<string>();
  const data: Trace[] = [];
  const axes: Record<string, Axis> = {};
  const annotations: Record<string, unknown>[] = [];
  panels.forEach((panel, i) => {
    const suffix = i === 0 ? "" : String(i + 1);
    const [column, row] = [i % columns, Math.floor(i / columns)];
    const x = place(column, columns, GAP);
    const y = place(rows - 1 - row, rows, ROW_GAP / plotHeight);
    axes[`xaxis${suffix}`] = {
      ...axis({ ...spec.x, ticks: panel.ticks ?? spec.x.ticks }),
      domain: x,
      anchor: `y${suffix}`,
      ...(i === 0 ? {} : { matches: "x" }),
    };
    axes[`yaxis${suffix}`] = {
      ...axis(spec.y),
      domain: y,
      anchor: `x${suffix}`,
      showticklabels: column === 0,
      zeroline: !spec.y.log,
      ...(i === 0 ? {} : { matches: "y" }),
    };
    annotations.push(heading(panel.title, (x[0] + x[1]) / 2, y[1]));
    for (const series of panel.series) {
      const style = seriesStyle(looks.get(lookName(series))!);
      const hollow = series.besides !== undefined;
      const first = !shown.has(series.name);
      shown.add(series.name);
      const points = [...series.points].sort((a, b) => a.x - b.x);
      data.push({
        type: "scatter",
        mode: spec.markersOnly || hollow ? "markers" : "lines+markers",
        name: plotlyText(series.name),
        x: points.map((point) => places.get(point) ?? point.x),
        customdata: points.map((point) => point.x),
        y: points.map((point) => point.y),
        ...errorBars(points),
        text: points.map((point) => plotlyText(point.note ?? "")),
        hovertemplate: `%{customdata}: %{y:.${spec.y.digits ?? 2}f} %{text}`,
        line: { color: style.color, width: 2, dash: style.dash },
        marker: { color: style.color, symbol: style.symbol + (hollow ? "-open" : ""), size: 8 },
        legendgroup: plotlyText(series.name),
        showlegend: first,
        xaxis: `x${suffix}`,
        yaxis: `y${suffix}`,
      });
    }
  });
  const layout: Layout = {
    ...baseLayout(spec.title, spec.subtitle, plotHeight),
    annotations: [...annotations, ...axisTitles(spec.x.title, spec.y.title)],
    ...axes,
  };
  return { data, layout };
}

function lookName({ name, besides }: FigureSeries): string {
  return besides ?? name;
}

/** The parts of a layout that all figures share. @param plotHeight Of all panels, in pixels. */
export function baseLayout(title: string, subtitle: string, plotHeight: number): Layout {
  const height = plotHeight + TOP + BOTTOM;
  return {
    title: {
      text: `<b>${plotlyText(title)}</b><br><span style="font-size:12px">${
        plotlyText(subtitle)
      }</span>`,
      x: 0.01,
      xanchor: "left",
      y: 1 - 14 / height,
      yref: "container",
      yanchor: "top",
      font: { size: 15 },
    },
    height,
    margin: { l: 64, r: 16, t: TOP, b: BOTTOM },
    font: { family: FONT, size: 12, color: INK },
    paper_bgcolor: GROUND,
    plot_bgcolor: GROUND,
    hovermode: "closest",
    showlegend: true,
    // Between the title and the headings of the panels.
    legend: { orientation: "h", x: 0, xanchor: "left", y: 1 + 24 / plotHeight, yanchor: "bottom" },
  };
}

/** Error bars of a series, when any of its points has an interval. */
export function errorBars(points: readonly SeriesPoint[]): Pick<Trace, "error_y"> {
  if (points.every(({ low, high }) => low === undefined && high === undefined)) return {};
  return {
    error_y: {
      type: "data",
      symmetric: false,
      array: points.map(({ y, high }) => high === undefined ? null : high - y),
      arrayminus: points.map(({ y, low }) => low === undefined ? null : y - low),
      thickness: 1.5,
      width: 4,
    },
  };
}

/** An axis without its title: panels share one, see {@linkcode axisTitles}. */
export function axis(spec: AxisSpec): Axis {
  return {
    type: spec.log ? "log" : "linear",
    ...(spec.ticks === undefined
      ? {}
      : { tickvals: spec.ticks, ticktext: spec.ticks.map(tickText) }),
    gridcolor: GRID,
    zerolinecolor: "#8c959f",
    linecolor: "#8c959f",
    ticks: "outside",
    tickangle: 0,
    nticks: 5,
  };
}

const LARGE: readonly [number, string][] = [[1e9, "B"], [1e6, "M"], [1e3, "k"]];

/** A number short enough for a tick: 5e10 as 50B. */
function tickText(value: number): string {
  const [unit, letter] = LARGE.find(([each]) => value >= each) ?? [1, ""];
  return `${Number((value / unit).toPrecision(3))}${letter}`;
}

/** The titles of the axes below and beside all panels. */
export function axisTitles(x: string, y: string): Record<string, unknown>[] {
  const common = { xref: "paper", yref: "paper", showarrow: false, font: { size: 12 } };
  return [
    {
      ...common,
      text: plotlyText(x),
      x: 0.5,
      y: 0,
      xanchor: "center",
      yanchor: "top",
      yshift: -30,
    },
    {
      ...common,
      text: plotlyText(y),
      x: 0,
      y: 0.5,
      textangle: -90,
      xanchor: "center",
      yanchor: "middle",
      xshift: -50,
    },
  ];
}

function place(index: number, count: number, gap: number): [number, number] {
  const size = (1 - gap * (count - 1)) / count;
  const start = index * (size + gap);
  return [start, Math.min(1, start + size)];
}

function heading(text: string, x: number, y: number): Record<string, unknown> {
  return {
    name: PANEL_HEADING,
    text: `<b>${plotlyText(text)}</b>`,
    x,
    y,
    xref: "paper",
    yref: "paper",
    xanchor: "center",
    yanchor: "bottom",
    showarrow: false,
    font: { size: 13 },
  };
}

function checkLogarithm({ title, panels, x, y }: PanelSpec): void {
  for (const { series } of panels) {
    for (const { name, points } of series) {
      const wrong = points.find((point) => (x.log && point.x <= 0) || (y.log && point.y <= 0));
      if (wrong) {
        throw new RangeError(
          `"${title}", ${name}: the point (${wrong.x}, ${wrong.y}) has no logarithm; give values ` +
            "above 0 or a linear axis",
        );
      }
    }
  }
}
