import { initWasm, Resvg } from "@resvg/resvg-wasm";
import { packageFile } from "./package_file.ts";

// The fonts come from a pinned package: the same picture on every machine, also on one without fonts.
const FONTS = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"];

let loaded: Promise<void> | undefined;
let fonts: Uint8Array[] | undefined;

/** Loads the rasteriser; once is enough, more is harmless. */
export function loadRasteriser(): Promise<void> {
  loaded ??= initWasm(packageFile("@resvg/resvg-wasm", "index_bg.wasm").slice()).catch((error) => {
    // Somebody else in this process has loaded it.
    if (!/[Aa]lready initialized/.test(String(error))) throw error;
  });
  return loaded;
}

/** An SVG text as PNG bytes. @param scale Pixels of the picture for one of the drawing. */
export async function rasteriseSvg(svg: string, scale: number): Promise<Uint8Array> {
  await loadRasteriser();
  const drawing = open(svg, scale);
  try {
    const image = drawing.render();
    try {
      return image.asPng();
    } finally {
      image.free();
    }
  } finally {
    drawing.free();
  }
}

const widths = new Map<string, number>();

/** Width of a line of text in pixels, set in the font of the pictures. Load the rasteriser first. */
export function textWidth(text: string, size: number, bold: boolean): number {
  if (text.trim() === "") return 0.32 * size * text.length;
  const key = `${bold ? "b" : "r"}${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
    const weight = bold ? "bold" : "normal";
    const drawing = open(
      `<svg xmlns="http://www.w3.org/2000/svg" width="9999" height="99"><text x="9" y="66" ` +
        `font-family="DejaVu Sans" font-weight="${weight}" font-size="20">${escaped}</text></svg>`,
      1,
    );
    const box = drawing.getBBox();
    width = (box?.width ?? 12 * text.length) / 20;
    box?.free();
    drawing.free();
    widths.set(key, width);
  }
  return width * size;
}

function open(svg: string, scale: number) {
  fonts ??= FONTS.map((file) => packageFile("dejavu-fonts-ttf", `ttf/${file}`));
  return new Resvg(svg, {
    background: "#fff",
    fitTo: { mode: "zoom", value: scale },
    font: { fontBuffers: fonts, defaultFontFamily: "DejaVu Sans", sansSerifFamily: "DejaVu Sans" },
  });
}
