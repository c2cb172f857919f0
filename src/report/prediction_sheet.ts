import { escapeXml, pngAddress } from "./svg_text.ts";

/** A picture with its name and a model's guess. */
export interface SheetItem {
  /** PNG bytes. */
  readonly png: Uint8Array;
  readonly truth: string;
  readonly guess: string;
}

const CELL = 104;
const PICTURE = 64;

/**
 * A page of pictures with zero-shot guesses as one SVG: right ones green, wrong ones red with the true
 * name below. Self-contained; every name is escaped.
 *
 * ```ts
 * const svg = predictionSheet([{ png: new Uint8Array(), truth: "a<b", guess: "cat" }], "title", 8);
 * // svg holds "a&lt;b"
 * ```
 */
export function predictionSheet(
  items: readonly SheetItem[],
  title: string,
  columns: number,
): string {
  const rows = Math.ceil(items.length / columns);
  const width = columns * CELL;
  const height = 30 + rows * CELL;
  const cells = items.map(({ png, truth, guess }, i) => {
    const x = (i % columns) * CELL;
    const y = 30 + Math.floor(i / columns) * CELL;
    const right = truth === guess;
    const image = pngAddress(png);
    const middle = x + CELL / 2;
    const text = (line: number, colour: string, words: string) =>
      `<text x="${middle}" y="${y + PICTURE + 14 + 12 * line}" fill="${colour}">${
        escapeXml(shorten(words))
      }</text>`;
    return `<image x="${
      middle - PICTURE / 2
    }" y="${y}" width="${PICTURE}" height="${PICTURE}" href="${image}"/>` +
      text(0, right ? "#1a7f37" : "#cf222e", guess) +
      (right ? "" : text(1, "#57606a", `(${truth})`));
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11" text-anchor="middle">` +
    `<rect width="100%" height="100%" fill="#ffffff"/>` +
    `<text x="${width / 2}" y="18" font-size="13" fill="#24292f">${escapeXml(title)}</text>` +
    `${cells.join("")}</svg>\n`;
}

function shorten(words: string): string {
  return words.length > 18 ? words.slice(0, 17) + "…" : words;
}
