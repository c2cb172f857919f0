import type { ReducedCaption, ReducedPicture } from "../run/reduction_samples.ts";
import { escapeXml, pngAddress } from "./svg_text.ts";

/** What a page of reductions shows. */
export interface ReductionPage {
  readonly title: string;
  /** Names of the columns of pictures, one for each budget. */
  readonly imageLabels: readonly string[];
  readonly pictures: readonly ReducedPicture[];
  /** Names of the lines of a caption, one for each budget. */
  readonly textLabels: readonly string[];
  readonly captions: readonly ReducedCaption[];
}

const CELL = 108;
const PICTURE = 96;
const NAMES = 132;
/** Letters of a name that are sure to fit in `NAMES` pixels. */
const LONGEST_NAME = 16;
const LINE = 17;
const TOP = 34;
const INK = "#24292f";
const FAINT = "#c3c9d0";

/**
 * A page that shows token reductions on real pictures and captions, as one self-contained SVG: dropped
 * patches gray, dropped tokens faint. Our figures 2 and 3 of paper 1.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { reductionSheet } from "./reduction_sheet.ts";
 *
 * const svg = reductionSheet({
 *   title: "two tokens",
 *   imageLabels: [],
 *   pictures: [],
 *   textLabels: ["truncation"],
 *   captions: [{ pieces: ["a", " cat"], kept: [[0]] }],
 * });
 * assert.ok(svg.startsWith("<svg"));
 * ```
 */
export function reductionSheet(page: ReductionPage): string {
  const { title, imageLabels, pictures, textLabels, captions } = page;
  const longest = Math.max(0, ...captions.map(({ pieces }) => pieces.join("").length));
  const width = NAMES + Math.max(imageLabels.length * CELL, Math.ceil(longest * 7.3) + 10);
  const captionsAt = TOP + (pictures.length > 0 ? 20 + pictures.length * CELL : 0);
  const block = (textLabels.length + 0.6) * LINE;
  const height = Math.ceil(captionsAt + captions.length * block) + 10;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" fill="${INK}">` +
    `<rect width="100%" height="100%" fill="#ffffff"/>` +
    text(width / 2, 20, title, `font-size="14" text-anchor="middle"`) +
    (pictures.length > 0 ? headings(imageLabels) : "") +
    pictures.map((picture, i) => pictureRow(picture, TOP + 20 + i * CELL)).join("") +
    captions.map((caption, i) => captionLines(caption, textLabels, captionsAt + i * block + LINE))
      .join("") +
    "</svg>\n";
}

function headings(labels: readonly string[]): string {
  return labels.map((label, i) =>
    text(NAMES + i * CELL + CELL / 2, TOP + 8, label, `text-anchor="middle"`)
  ).join("");
}

function pictureRow({ name, pngs }: ReducedPicture, y: number): string {
  const images = pngs.map((png, i) =>
    `<image x="${NAMES + i * CELL + (CELL - PICTURE) / 2}" y="${y}" width="${PICTURE}" ` +
    `height="${PICTURE}" style="image-rendering:pixelated" href="${pngAddress(png)}"/>`
  );
  const short = name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name;
  return text(NAMES - 8, y + PICTURE / 2, short, `text-anchor="end"`) + images.join("");
}

function captionLines(caption: ReducedCaption, labels: readonly string[], top: number): string {
  return labels.map((label, line) => {
    const y = top + line * LINE;
    const kept = new Set(caption.kept[line]);
    const spans = caption.pieces.map((piece, place) =>
      `<tspan${kept.has(place) ? "" : ` fill="${FAINT}"`}>${escapeXml(piece)}</tspan>`
    );
    return text(NAMES - 8, y, label, `text-anchor="end" fill="#57606a"`) +
      `<text x="${NAMES}" y="${y}" xml:space="preserve" font-family="monospace">${
        spans.join("")
      }</text>`;
  }).join("");
}

function text(x: number, y: number, words: string, attributes: string): string {
  return `<text x="${x}" y="${y}" ${attributes}>${escapeXml(words)}</text>`;
}
