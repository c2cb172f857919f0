import type { ScaledFinding } from "../../scaling/findings/what_holds.ts";
import type { Verdict } from "../../scaling/findings/law_findings.ts";
import type { Figure, Trace } from "./figure.ts";
import { axis, axisTitles, baseLayout, type PanelOptions } from "./panel_figure.ts";
import { plotlyText } from "./plotly_text.ts";

const VERDICTS: readonly [verdict: Verdict, name: string, color: string, symbol: string][] = [
  ["holds", "ours: holds", "#009E73", "circle"],
  ["opposite", "ours: opposite", "#D55E00", "square"],
  ["not seen", "ours: not seen", "#56B4E9", "diamond"],
];

/** Pixels of a finding, with one line of words above its marks or with three. */
const ROW = { wide: 44, narrow: 92 };
/** Letters in a line of words on a narrow screen. */
const NARROW_LINE = 42;

/**
 * What holds at which scale, in one figure: a line a finding, the paper's value as a hollow mark, ours
 * with its interval. To the right of zero is as the paper says.
 *
 * @throws {RangeError} when there is no finding.
 */
export function findingsFigure(
  findings: readonly ScaledFinding[],
  options: PanelOptions = {},
): Figure {
  if (findings.length === 0) throw new RangeError("no finding to draw; allowed: at least one");
  const narrow = options.columns === 1;
  const words = findings.map(({ claim, compared }) => `${claim}: ${compared}`);
  // The first finding is on top.
  const place = (i: number) => findings.length - 1 - i;
  const trace = (
    name: string,
    look: { color: string; symbol: string },
    points: readonly { i: number; x: number; low?: number; high?: number }[],
  ): Trace => ({
    type: "scatter",
    mode: "markers",
    name,
    x: points.map(({ x }) => x),
    y: points.map(({ i }) => place(i)),
    error_x: {
      visible: points.some(({ low }) => low !== undefined),
      type: "data",
      symmetric: false,
      array: points.map(({ x, high }) => high === undefined ? null : high - x),
      arrayminus: points.map(({ x, low }) => low === undefined ? null : x - low),
      thickness: 1.5,
      width: 4,
    },
    text: points.map(({ i }) => plotlyText(words[i])),
    hovertemplate: "%{x:.2f} %{text}",
    marker: { ...look, size: 9 },
    showlegend: true,
    xaxis: "x",
    yaxis: "y",
  });
  const ours = VERDICTS.map(([verdict, name, color, symbol]) =>
    trace(
      name,
      { color, symbol },
      findings.flatMap(({ ours }, i) =>
        ours?.verdict === verdict ? [{ i, x: ours.value, low: ours.low, high: ours.high }] : []
      ),
    )
  ).filter(({ x }) => x.length > 0);
  const paper = trace(
    "the paper",
    { color: "#8c959f", symbol: "circle-open" },
    findings.map(({ paper }, i) => ({ i, x: paper })),
  );
  const height = findings.length * (narrow ? ROW.narrow : ROW.wide);
  const { margin, ...layout } = baseLayout(
    "What holds at which scale",
    "paper 1: S/16 to L/16, ImageNet-1k, single runs; ours: small to large, icons-100, bars 95 % by seeds " +
      "and pictures; not seen: 0 lies in the bar",
    height,
  );
  const title = "difference of logit(top-1); right of 0 is as the paper says";
  return {
    data: [...ours, paper],
    layout: {
      ...layout,
      margin: { ...margin, l: 16 },
      xaxis: { ...axis({ title: "" }), zeroline: true },
      yaxis: {
        ...axis({ title: "", ticks: [] }),
        zeroline: false,
        showticklabels: false,
        range: [-0.4, findings.length - 0.2],
      },
      annotations: [
        ...findings.map(({ claim, compared }, i) => ({
          text: narrow
            ? wrapped(`${claim}: ${compared}`)
            : `<b>${plotlyText(claim)}</b>: ${plotlyText(compared)}`,
          x: 0,
          xref: "paper",
          xanchor: "left",
          y: place(i) + 0.16,
          yanchor: "bottom",
          align: "left",
          showarrow: false,
          font: { size: 11 },
        })),
        ...axisTitles(title, "").slice(0, 1),
      ],
    },
  };
}

/** Words in lines of at most `NARROW_LINE` letters. */
function wrapped(text: string): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = `${lines[lines.length - 1]} ${word}`.trim();
    if (longer.length > NARROW_LINE) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines.map(plotlyText).join("<br>");
}
