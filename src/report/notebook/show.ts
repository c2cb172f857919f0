import type { Figure } from "../figures/figure.ts";
import { figureText } from "../figures/figure_text.ts";
import { escapeHtml } from "../escape_html.ts";
import { figurePng } from "../static/figure_png.ts";
import { toBase64 } from "../to_base64.ts";
import { rasteriseSvg } from "../static/rasterise_svg.ts";
import { figureHtml, plotlyScript } from "./figure_html.ts";
import { type Bundle, flush, notebookKernel } from "./kernel.ts";
import { type Table, tableHtml, tableText } from "./table.ts";

/** A drawing, such as a sheet of predictions. */
export interface Drawing {
  /** A whole SVG document. */
  readonly svg: string;
  /** What is to be seen, for readers without pictures. */
  readonly text: string;
}

/** Text with Markdown in it, such as the design of an experiment. */
export interface Markdown {
  readonly markdown: string;
}

/** What {@linkcode show} can show. */
export type Showable = Figure | Drawing | Table | Markdown;

/**
 * Shows a figure, a picture or a table below the cell of a notebook, and waits until it is out. A
 * figure goes out as Plotly JSON, as HTML, as a still PNG and as text, so that JupyterLab, VS Code, a
 * static viewer and an exported page all show it. In an ordinary program the text is printed.
 *
 * @example
 * ```ts
 * import { show } from "./show.ts";
 *
 * await show({ columns: ["size", "top-1"], rows: [["w48", "4.1 %"], ["w96", "7.9 %"]] });
 * ```
 */
export async function show(what: Showable): Promise<void> {
  const kernel = notebookKernel();
  if (kernel === null) {
    console.log(textOf(what));
    return;
  }
  const data = await bundleOf(what);
  await kernel.broadcast("display_data", { data, metadata: {}, transient: {} });
  await flush();
}

let plotlyShown = false;

/** All forms of what is shown. The first figure of a notebook brings plotly.js along. */
export async function bundleOf(what: Showable): Promise<Bundle> {
  const text = textOf(what);
  if ("markdown" in what) return { "text/plain": text, "text/markdown": text };
  if ("columns" in what) return { "text/plain": text, "text/html": tableHtml(what) };
  if ("svg" in what) {
    const png = toBase64(await rasteriseSvg(what.svg, 1.5));
    const image = `<img alt="${escapeHtml(text)}" style="max-width:100%" ` +
      `src="data:image/png;base64,${png}">`;
    return { "text/plain": text, "text/html": image, "image/png": png };
  }
  const png = toBase64(await figurePng(what));
  const html = figureHtml(what, png, text.split("\n")[0]);
  const script = plotlyShown ? "" : plotlyScript();
  plotlyShown = true;
  return {
    "text/plain": text,
    "text/html": script + html,
    "image/png": png,
    "application/vnd.plotly.v1+json": what,
  };
}

function textOf(what: Showable): string {
  if ("markdown" in what) return what.markdown;
  if ("columns" in what) return tableText(what);
  return "svg" in what ? what.text : figureText(what);
}
