/** Colours that people with any kind of colour vision can tell apart (Okabe and Ito, 2008). */
const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#7F6A00", "#56B4E9", "#444444"];
/** Signs beside the colours, so that a figure can be read in print. */
const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross", "star", "x"];
const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "solid"];

/** Look of the n-th series of a figure. */
export function seriesStyle(index: number): { color: string; symbol: string; dash: string } {
  const i = index % COLOURS.length;
  return { color: COLOURS[i], symbol: SYMBOLS[i], dash: DASHES[i] };
}

/** Sizes of the papers and of our sweeps, so that a size looks the same in every figure. */
const SIZES = [["S/16", "small"], ["B/16", "middle"], ["L/16", "large"], ["H/14"]];

/**
 * A look for each name: sizes have their own in every figure, other names take those that are free.
 *
 * @returns name to the index that {@linkcode seriesStyle} takes.
 */
export function looksOf(names: readonly string[]): Map<string, number> {
  const sizeOf = (name: string) => SIZES.findIndex((sizes) => sizes.includes(name));
  const taken = new Set(names.map(sizeOf).filter((look) => look >= 0));
  let next = 0;
  const free = () => {
    while (taken.has(next)) next++;
    return next++;
  };
  return new Map(names.map((name) => [name, sizeOf(name) >= 0 ? sizeOf(name) : free()]));
}

/** Ink, grid and ground of a figure on white; a page with a dark ground exchanges them. */
export const INK = "#24292f";
export const GRID = "#e3e6ea";
export const GROUND = "#ffffff";

/** The fonts of a figure: the first is the one of which the static picture is drawn. */
export const FONT = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif";
