import type { Figure } from "../figures/figure.ts";
import { drawSvg } from "./draw_svg.ts";
import { rasteriseSvg } from "./rasterise_svg.ts";

/** Options of {@linkcode figurePng}. */
export interface FigurePngOptions {
  /** Width of the drawing in pixels; default 960. */
  readonly width?: number;
  /** Pixels of the picture for one of the drawing; default 1.5, so that it is sharp on most screens. */
  readonly scale?: number;
}

/** A figure as a PNG picture on white, the same bytes on every machine. */
export async function figurePng(
  figure: Figure,
  options: FigurePngOptions = {},
): Promise<Uint8Array> {
  const { width = 960, scale = 1.5 } = options;
  return await rasteriseSvg(await drawSvg(figure, width), scale);
}
