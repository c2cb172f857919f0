import { gzipSync } from "node:zlib";
import type { Figure } from "../figures/figure.ts";
import { plotlySource } from "../static/plotly_source.ts";
import { escapeHtml } from "../escape_html.ts";
import { scriptJson } from "../script_json.ts";

/**
 * A script element that brings plotly.js into a page, packed to a third of its size. Once a page is
 * enough; `window.clipaPlotly` is a promise of the library.
 */
export function plotlyScript(): string {
  packed ??= gzipSync(plotlySource(), { level: 9 }).toString("base64");
  // A loader of AMD modules (RequireJS in some notebooks) would catch the library away.
  return `<script>window.clipaPlotly ??= (async () => {
  const bytes = Uint8Array.from(atob("${packed}"), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const source = await new Response(stream).text();
  const define = window.define;
  window.define = undefined;
  try { (0, eval)(source); } finally { window.define = define; }
  return window.Plotly;
})();</script>`;
}

let packed: string | undefined;
let count = 0;

/**
 * A figure as HTML for a notebook: a still picture, which the script replaces by the live figure where
 * {@linkcode plotlyScript} stands in the same page. Viewers that run no script show the picture.
 *
 * @param png Base64 of the still picture.
 */
export function figureHtml(figure: Figure, png: string, alt: string): string {
  // Unique within a page, the same in every execution of a notebook.
  const id = `clipa-${++count}-${hash(png)}`;
  return `<div data-clipa="${id}"><img alt="${escapeHtml(alt)}" style="max-width:100%" ` +
    `src="data:image/png;base64,${png}"></div>
<script>Promise.resolve(window.clipaPlotly).then((Plotly) => {
  if (!Plotly) return;
  const { data, layout } = ${scriptJson(figure)};
  for (const div of document.querySelectorAll('[data-clipa="${id}"]')) {
    div.replaceChildren();
    Plotly.newPlot(div, data, layout, { responsive: true, displaylogo: false });
  }
});</script>`;
}

/** FNV-1a, in hexadecimal. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return (value >>> 0).toString(16);
}
