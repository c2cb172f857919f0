import type { MetricsLine } from "../../train/metrics_log.ts";
import type { Figure, Trace } from "./figure.ts";
import { axis, axisTitles, baseLayout } from "./panel_figure.ts";
import { plotlyText } from "./plotly_text.ts";
import { INK, seriesStyle } from "./style.ts";

/** The metrics of one run. */
export interface CurveRun {
  readonly name: string;
  /** Lines of `metrics.jsonl`, see `readMetrics`. */
  readonly lines: readonly MetricsLine[];
}

const HEIGHT = 300;

/**
 * The loss of runs over the pairs they have seen. Where one stage follows another a dotted line
 * stands; the loss jumps there, because the inputs become longer.
 *
 * @throws {RangeError} when no run has a line with `samples` and `loss`.
 */
export function trainingCurve(runs: readonly CurveRun[]): Figure {
  const curves = runs.map(({ name, lines }) => ({ name, lines: lines.filter(hasLoss) }));
  if (curves.every(({ lines }) => lines.length === 0)) {
    const names = runs.map(({ name }) => name).join(", ") || "none was given";
    throw new RangeError(`no run has a loss yet (${names}); train further, then draw again`);
  }
  const data = curves.flatMap(({ name, lines }, i): Trace[] => {
    if (lines.length === 0) return [];
    const { color, dash } = seriesStyle(i);
    return [{
      type: "scatter",
      mode: lines.length === 1 ? "lines+markers" : "lines",
      name: plotlyText(name),
      x: lines.map(({ samples }) => samples),
      y: lines.map(({ loss }) => loss),
      text: lines.map(({ stage, learningRate }) =>
        plotlyText(`${stage}${learningRate === undefined ? "" : `, lr ${short(learningRate)}`}`)
      ),
      hovertemplate: "%{x} pairs: loss %{y:.3f} (%{text})",
      line: { color, width: 2, dash },
      showlegend: true,
      xaxis: "x",
      yaxis: "y",
    }];
  });
  const { shapes, annotations } = stageBounds(curves[0].lines);
  return {
    data,
    layout: {
      ...baseLayout("Training loss", "mean over the steps between two lines of metrics", HEIGHT),
      xaxis: axis({ title: "pairs seen" }),
      yaxis: axis({ title: "contrastive loss" }),
      shapes,
      annotations: [...annotations, ...axisTitles("pairs seen", "contrastive loss")],
    },
  };
}

interface LossLine {
  readonly stage: string;
  readonly samples: number;
  readonly loss: number;
  readonly learningRate?: number;
}

function hasLoss(line: MetricsLine): line is MetricsLine & LossLine {
  return typeof line.samples === "number" && typeof line.loss === "number" &&
    Number.isFinite(line.loss);
}

function stageBounds(lines: readonly LossLine[]) {
  const starts = lines.flatMap((line, i) =>
    i > 0 && line.stage !== lines[i - 1].stage
      ? [{ stage: line.stage, x: lines[i - 1].samples }]
      : []
  );
  return {
    shapes: starts.map(({ x }) => ({
      type: "line",
      x0: x,
      x1: x,
      y0: 0,
      y1: 1,
      yref: "paper",
      line: { color: INK, width: 1, dash: "dot" },
    })),
    annotations: starts.map(({ stage, x }) => ({
      text: plotlyText(stage),
      x,
      y: 1,
      yref: "paper",
      xanchor: "left",
      yanchor: "top",
      showarrow: false,
    })),
  };
}

function short(value: number): string {
  return value.toPrecision(2);
}
