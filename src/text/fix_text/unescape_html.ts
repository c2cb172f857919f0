import { characterEntities } from "character-entities";
import { characterEntitiesLegacy } from "character-entities-legacy";
import { readControlsAsWindows } from "./byte_codes.ts";

/** Names with their semicolon; the old ones also without it. */
const NAMES = new Map<string, string>([
  ...Object.entries(characterEntities).map(([name, text]) => [`${name};`, text] as const),
  ...characterEntitiesLegacy.map((name) => [name, characterEntities[name]] as const),
]);

/**
 * Replace character references as a browser and Python's `html.unescape` do: old names also without a
 * semicolon, and even as the beginning of a longer word.
 */
export function unescapeHtml(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(
    /&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)/gu,
    (_, reference: string) => reference.startsWith("#") ? numbered(reference) : named(reference),
  );
}

function named(reference: string): string {
  const whole = NAMES.get(reference);
  if (whole !== undefined) return whole;
  for (let end = reference.length - 1; end > 1; end--) {
    const part = NAMES.get(reference.slice(0, end));
    if (part !== undefined) return part + reference.slice(end);
  }
  return `&${reference}`;
}

function numbered(reference: string): string {
  const point = /^#[xX]/.test(reference)
    ? parseInt(reference.slice(2), 16)
    : parseInt(reference.slice(1), 10);
  if (point === 0 || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return "\ufffd";
  if (point === 0x0d) return "\r";
  if (point >= 0x80 && point <= 0x9f) return readControlsAsWindows(String.fromCharCode(point));
  if (isNoCharacter(point)) return "";
  return String.fromCodePoint(point);
}

/** Control characters without an effect on text, and code points that never are characters. */
function isNoCharacter(point: number): boolean {
  return (point < 0x20 && point !== 0x09 && point !== 0x0a && point !== 0x0c) || point === 0x7f ||
    (point >= 0xfdd0 && point <= 0xfdef) || (point & 0xfffe) === 0xfffe;
}

/** Names in capitals for letters in capitals: NTILDE for Ñ, where no other name begins so. */
const CAPITALS = new Map(
  [...NAMES].filter(([name]) => name.endsWith(";") && name === name.toLowerCase())
    .map(([name, text]) => [name.toUpperCase(), text.toUpperCase()] as const)
    .filter(([name]) => unescapeHtml(`&${name}`) === `&${name}`),
);

/**
 * Replace only the references that end with a semicolon and so are meant as such, and names written in
 * capitals.
 */
export function unescapeClearHtml(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&#?[0-9A-Za-z]{1,24};/g, (whole) => {
    const name = whole.slice(1);
    const known = NAMES.get(name) ?? CAPITALS.get(name);
    if (known !== undefined || !name.startsWith("#")) return known ?? whole;
    const unescaped = unescapeHtml(whole);
    return unescaped.includes(";") ? whole : unescaped;
  });
}
