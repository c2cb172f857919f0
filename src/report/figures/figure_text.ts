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

function seriesText({ name, x: drawn, customdata, y, error_y }: Trace, heading: string): string {
  const x = customdata ?? drawn;
  const every = Math.max(1, Math.ceil(x.length / MOST_POINTS));
  const points = x.map((at, i) => {
    const [up, down] = [error_y?.array[i], error_y?.arrayminus[i]];
    const bars = up == null || down == null ? "" : ` [${short(y[i] - down)}, ${short(y[i] + up)}]`;
    return `${short(at)}: ${short(y[i])}${bars}`;
  }).filter((_, i) => i % every === 0 || i === x.length - 1);
  return `  ${heading === "" ? "" : `${heading}, `}${plain(name)}  ${points.join("; ")}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** Undoes the tags and escapes of Plotly's texts. */
function plain(text: string): string {
  return text.replaceAll("<br>", "\n  ").replace(/<[^>]*>/g, "")
    .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
