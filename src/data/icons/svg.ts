import type { IconSource } from "./icon_sets.ts";

/** Pixels per side of the pictures that are drawn. */
export const PICTURE_SIDE = 64;

/** A whole SVG document for an icon: dark ink where the designer left the colour open. */
export function svgOf(icon: IconSource, palette: boolean): { svg: string; colour: boolean } {
  const body = icon.body.replaceAll("currentColor", "#000");
  const { left, top, width, height } = icon;
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ` +
    `width="${PICTURE_SIDE}" height="${PICTURE_SIDE}" ` +
    `viewBox="${left} ${top} ${width} ${height}">${body}</svg>`;
  return { svg, colour: palette || hasColour(body) };
}

/** Whether a hexadecimal colour is not a grey. The pixels decide in the end; captions need a guess. */
function hasColour(body: string): boolean {
  for (const [, hex] of body.matchAll(/#([0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b/g)) {
    const digits = hex.length === 3 ? hex : hex[0] + hex[2] + hex[4] + hex[1] + hex[3] + hex[5];
    const isGrey = digits[0] === digits[1] && digits[1] === digits[2] &&
      digits.slice(3) === (digits[3] ?? "").repeat(digits.length - 3);
    if (!isGrey) return true;
  }
  return false;
}
