/**
 * The script of a report. It draws the figures in the colours of the page, again when the theme or the
 * width class of the window changes, and keeps what the reader has hidden.
 *
 * It finds the figures as JSON in the element `#figures`, and plotly.js as `window.clipaPlotly`.
 */
export const PAGE_SCRIPT = `
const figures = JSON.parse(document.getElementById("figures").textContent);
const wide = matchMedia("(min-width: 760px)");
const dark = matchMedia("(prefers-color-scheme: dark)");
const root = document.documentElement;
let chosen = null;

function colour(name) {
  return getComputedStyle(root).getPropertyValue(name).trim();
}

function themed(figure) {
  const { data, layout } = structuredClone(figure);
  const [ink, grid] = [colour("--ink"), colour("--grid")];
  // The page has the title as a heading; what stood below it is the caption.
  layout.title = { text: "" };
  layout.height -= 34;
  layout.margin = { ...layout.margin, t: layout.margin.t - 34, r: 12 };
  layout.paper_bgcolor = layout.plot_bgcolor = "rgba(0,0,0,0)";
  layout.font = { ...layout.font, color: ink };
  for (const key of Object.keys(layout)) {
    if (/^[xy]axis/.test(key)) {
      layout[key] = { ...layout[key], gridcolor: grid, linecolor: ink, zerolinecolor: ink };
    }
  }
  for (const shape of layout.shapes ?? []) shape.line.color = ink;
  layout.hoverlabel = { bgcolor: colour("--card"), bordercolor: grid, font: { color: ink } };
  return { data, layout };
}

async function draw() {
  const Plotly = await window.clipaPlotly;
  for (const { id, wide: broad, narrow } of figures) {
    const place = document.getElementById(id);
    const hidden = new Set(
      (place.data ?? []).filter((trace) => trace.visible === "legendonly").map(({ name }) => name),
    );
    const { data, layout } = themed(wide.matches ? broad : narrow);
    for (const trace of data) if (hidden.has(trace.name)) trace.visible = "legendonly";
    // The library fits a figure into its place, so the place must be as high as the figure.
    place.style.height = layout.height + "px";
    await Plotly.react(place, data, layout, { responsive: true, displaylogo: false });
  }
  root.dataset.drawn = wide.matches ? "wide" : "narrow";
}

function theme() {
  root.dataset.theme = chosen ?? (dark.matches ? "dark" : "light");
  return draw();
}

document.getElementById("theme").addEventListener("click", () => {
  chosen = root.dataset.theme === "dark" ? "light" : "dark";
  theme();
});
wide.addEventListener("change", draw);
dark.addEventListener("change", theme);
theme();
`;
