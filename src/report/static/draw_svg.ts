import type { Figure } from "../figures/figure.ts";
import { plotlySource } from "./plotly_source.ts";
import { loadRasteriser, textWidth } from "./rasterise_svg.ts";

/** The parts of plotly.js that are called here. */
interface Plotly {
  newPlot(div: unknown, data: unknown, layout: unknown, config: unknown): Promise<unknown>;
  purge(div: unknown): void;
  Snapshot: { toSVG(div: unknown, format: "svg", scale: number): string };
}

interface PlotlyWindow {
  readonly Plotly: Plotly;
  readonly document: {
    createElement(name: string): { remove(): void };
    body: { append(element: unknown): void };
  };
}

let opened: Promise<PlotlyWindow> | undefined;

/**
 * Draws a figure as SVG without a browser: plotly.js on a document in memory.
 *
 * @param width In pixels; the height is the figure's own.
 */
export async function drawSvg(figure: Figure, width: number): Promise<string> {
  await loadRasteriser();
  const { Plotly, document } = await (opened ??= openWindow());
  const div = document.createElement("div");
  document.body.append(div);
  try {
    // plotly.js writes into what it is given.
    const { data, layout } = structuredClone(figure) as Figure;
    await Plotly.newPlot(div, data, { ...layout, width }, { staticPlot: true });
    return Plotly.Snapshot.toSVG(div, "svg", 1);
  } finally {
    Plotly.purge(div);
    div.remove();
  }
}

async function openWindow(): Promise<PlotlyWindow> {
  // Loaded at the first drawing: most programs that import the kit draw nothing.
  const { JSDOM } = await import("jsdom");
  const { window } = new JSDOM("<!doctype html><body>", {
    runScripts: "outside-only",
    pretendToBeVisual: true,
  });
  window.URL.createObjectURL = () => "blob:none";
  window.URL.revokeObjectURL = () => {};
  giveTextSizes(window.SVGElement.prototype);
  window.eval(plotlySource());
  return window as unknown as PlotlyWindow;
}

interface TextElement {
  readonly tagName: string;
  readonly textContent: string | null;
  readonly parentElement: TextElement | null;
  getAttribute(name: string): string | null;
  readonly style: { fontSize: string; fontWeight: string; textAnchor: string };
  querySelectorAll(selector: string): ArrayLike<TextElement>;
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * A document in memory has no layout, so plotly.js would ask for the size of texts in vain. Only texts
 * have an extent here, and groups that of their texts: nothing else is ever measured.
 */
function giveTextSizes(prototype: object): void {
  const define = (name: string, value: (this: TextElement) => unknown) =>
    Object.defineProperty(prototype, name, { configurable: true, value });
  const rectangle = function (this: TextElement) {
    const { left, top, right, bottom } = boxOf(this);
    const [width, height] = [right - left, bottom - top];
    return { x: left, y: top, left, top, right, bottom, width, height };
  };
  define("getBBox", rectangle);
  define("getBoundingClientRect", rectangle);
  define("getComputedTextLength", function () {
    const { left, right } = boxOf(this);
    return right - left;
  });
}

function boxOf(element: TextElement): Box {
  const single = element.tagName === "text" || element.tagName === "tspan";
  const texts = single ? [element] : Array.from(element.querySelectorAll("text"));
  const boxes = texts.filter(({ textContent }) => textContent).map(textBox);
  if (boxes.length === 0) return { left: 0, top: 0, right: 0, bottom: 0 };
  return {
    left: Math.min(...boxes.map(({ left }) => left)),
    top: Math.min(...boxes.map(({ top }) => top)),
    right: Math.max(...boxes.map(({ right }) => right)),
    bottom: Math.max(...boxes.map(({ bottom }) => bottom)),
  };
}

function textBox(text: TextElement): Box {
  const size = fontSize(text);
  const lines = Array.from(text.querySelectorAll("tspan.line"));
  const parts = lines.length > 0 ? lines : [text];
  const width = Math.max(...parts.map((part) => lineWidth(part)));
  const anchor = text.style.textAnchor || text.getAttribute("text-anchor");
  let left = Number(text.getAttribute("x") ?? 0) -
    (anchor === "middle" ? width / 2 : anchor === "end" ? width : 0);
  let top = Number(text.getAttribute("y") ?? 0) - 0.9 * size;
  for (let at: TextElement | null = text; at !== null; at = at.parentElement) {
    const moved = /translate\(\s*([-\d.e]+)[\s,]+([-\d.e]+)/.exec(
      at.getAttribute("transform") ?? "",
    );
    if (moved) [left, top] = [left + Number(moved[1]), top + Number(moved[2])];
  }
  return { left, top, right: left + width, bottom: top + 1.2 * size * parts.length };
}

function lineWidth(element: TextElement): number {
  const inner = Array.from(element.querySelectorAll("tspan"));
  const bold = [element, ...inner].some(({ style }) => /bold|[6-9]00/.test(style.fontWeight));
  const sized = inner.find(({ style }) => style.fontSize !== "") ?? element;
  return textWidth(element.textContent ?? "", fontSize(sized), bold);
}

function fontSize(element: TextElement): number {
  for (let at: TextElement | null = element; at !== null; at = at.parentElement) {
    const size = parseFloat(at.style?.fontSize || at.getAttribute("font-size") || "");
    if (size > 0) return size;
  }
  return 12;
}
