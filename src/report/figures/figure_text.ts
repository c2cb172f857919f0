import type { Figure, Trace } from "./figure.ts";
import { PANEL_HEADING } from "./panel_figure.ts";

/** A figure in words: its title, then every series with its points. For readers without pictures. */
export function figureText({ data, layout }: Figure): string {
  const title = plain(String(layout.title.text ?? "")).trim();
  return [title, ...data.map((trace) => seriesText(trace, headingOf(trace, layout)))].join("\n");
}

/** The heading above the panel of a trace: headings stand in the order of the panels. */
function headingOf(trace: Trace, layout: Figure["layout"]): string {
  const panel = Number(trace.xaxis?.slice(1) || 1) - 1;
  const heading = layout.annotations?.filter(({ name }) => name === PANEL_HEADING)[panel];
  return plain(String(heading?.text ?? ""));
}

// Longer series are curves: a glance at their course is enough.
const MOST_POINTS = 20;

function seriesText(trace: Trace, heading: string): string {
  const { name, x: drawn, customdata, y, text, error_x, error_y } = trace;
  // With bars to the sides y is a place, and the text says what stands there.
  if (error_x !== undefined) {
    const lines = drawn.map((at, i) => `    ${plain(text?.[i] ?? "")}: ${barred(at, i, error_x)}`);
    return [`  ${plain(name)}`, ...lines].join("\n");
  }
  const x = customdata ?? drawn;
  const every = Math.max(1, Math.ceil(x.length / MOST_POINTS));
  const points = x.map((at, i) => {
    return `${short(at)}: ${barred(y[i], i, error_y)}`;
  }).filter((_, i) => i % every === 0 || i === x.length - 1);
  return `  ${heading === "" ? "" : `${heading}, `}${plain(name)}  ${points.join("; ")}`;
}

/** A value with the ends of its bar. */
function barred(value: number, i: number, bars: Trace["error_y"]): string {
  const [up, down] = [bars?.array[i], bars?.arrayminus[i]];
  return up == null || down == null
    ? short(value)
    : `${short(value)} [${short(value - down)}, ${short(value + up)}]`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** Undoes the tags and escapes of Plotly's texts. */
function plain(text: string): string {
  return text.replaceAll("<br>", "\n  ").replace(/<[^>]*>/g, "")
    .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
