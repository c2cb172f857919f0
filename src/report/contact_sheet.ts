import { escapeXml, pngAddress } from "./svg_text.ts";

/** A picture of a contact sheet. */
export interface ContactItem {
  /** PNG bytes. */
  readonly thumbnail: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly captions: readonly string[];
}

const CELL = 148, PICTURE = 128, LETTERS = 24, LINES = 3, LINE = 13;

/**
 * Pictures with their first captions on one SVG: self-contained, every caption escaped.
 *
 * @param columns Pictures in a row.
 */
export function contactSheet(
  items: readonly ContactItem[],
  title: string,
  columns: number,
): string {
  const tall = PICTURE + LINES * LINE + 14;
  const width = columns * CELL, height = 32 + Math.ceil(items.length / columns) * tall;
  const cells = items.map(({ thumbnail, captions, width, height }, i) => {
    const middle = (i % columns) * CELL + CELL / 2, top = 32 + Math.floor(i / columns) * tall;
    const scale = Math.min(1, PICTURE / Math.max(width, height));
    const [wide, high] = [width * scale, height * scale];
    const lines = wrap(captions[0] ?? "").map((line, row) =>
      `<text x="${middle}" y="${top + PICTURE + LINE * (row + 1)}">${escapeXml(line)}</text>`
    );
    return `<image x="${middle - wide / 2}" y="${top + (PICTURE - high) / 2}" width="${wide}" ` +
      `height="${high}" href="${pngAddress(thumbnail)}"/>${lines.join("")}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11" text-anchor="middle" ` +
    `fill="#24292f"><rect width="100%" height="100%" fill="#ffffff"/>` +
    `<text x="${width / 2}" y="20" font-size="13">${escapeXml(title)}</text>${
      cells.join("")
    }</svg>\n`;
}

/** A caption in a few short lines; what does not fit is cut. */
function wrap(caption: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of caption.replace(/\p{C}/gu, "").split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length <= LETTERS) {
      line = longer;
      continue;
    }
    if (line !== "") lines.push(line);
    line = word;
  }
  if (line !== "") lines.push(line);
  const shown = lines.slice(0, LINES);
  if (lines.length > LINES) shown[LINES - 1] += " …";
  return shown.map((text) => {
    const letters = [...text];
    return letters.length <= LETTERS ? text : `${letters.slice(0, LETTERS - 1).join("")}…`;
  });
}
