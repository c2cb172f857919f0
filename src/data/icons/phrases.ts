/** What an icon's name says. */
export interface NamedIcon {
  /** The thing drawn, in words: "alarm clock". */
  phrase: string;
  /** The manner of drawing, in words: ["outline", "rounded"]. */
  style: string[];
  /** Nominal size in pixels when the name has one. */
  size?: number;
}

/** Names and declared styles of one set; see {@link createNameReader}. */
export interface NameRules {
  suffixes: Record<string, string>;
  prefixes: Record<string, string>;
  /** All names of the set: an undeclared style is taken off only when the rest is a name too. */
  names: ReadonlySet<string>;
}

// deno-fmt-ignore
const STYLE_WORDS = new Set(
  "outline outlined filled fill solid bold duotone twotone thin rounded sharp linear line stroke light"
    .split(" "),
);
/** Words whose trailing number is what the picture shows, not the number of a variant. */
const COUNTED = new Set(
  ("number numeric digit dice square circle hexagon octagon pentagon triangle box filter looks counter timer " +
    "replay forward rewind roman signal battery wifi network looks level star rating grid column columns row " +
    "page keyboard key heading h bracket layer clock rotate iso version looks brightness stage exposure")
    .split(
      " ",
    ),
);

/**
 * Reader of icon names of one set: splits the name into phrase and style.
 *
 * A declared prefix or suffix is style. An undeclared style word at the end is style only when the
 * rest is itself a name of the set (`account-outline` beside `account`), since "traffic light" and
 * "text bold" end with one too. The number of a variant (`home-2` beside `home`) is dropped.
 *
 * @example
 * ```ts
 * import { createNameReader } from "./phrases.ts";
 * const read = createNameReader({
 *   suffixes: { "": "Regular", "20-filled": "20 Filled" },
 *   prefixes: {},
 *   names: new Set(["alarm-clock-20-filled"]),
 * });
 * console.log(read("alarm-clock-20-filled")); // { phrase: "alarm clock", style: ["filled"], size: 20 }
 * ```
 */
export function createNameReader(rules: NameRules): (name: string) => NamedIcon {
  // Longest first, so that "outline-sharp" is not taken for "sharp".
  const byLength = (table: Record<string, string>) =>
    Object.keys(table).filter((affix) => affix !== "").sort((a, b) => b.length - a.length);
  const suffixes = byLength(rules.suffixes), prefixes = byLength(rules.prefixes);
  return (name) => {
    const titles: string[] = [];
    let rest = name;
    const prefix = prefixes.find((affix) => rest.startsWith(`${affix}-`));
    if (prefix !== undefined) {
      titles.push(rules.prefixes[prefix]);
      rest = rest.slice(prefix.length + 1);
    }
    const suffix = suffixes.find((affix) => rest.endsWith(`-${affix}`));
    if (suffix !== undefined) {
      titles.push(rules.suffixes[suffix]);
      rest = rest.slice(0, -suffix.length - 1);
    } else if (rules.suffixes[""] !== undefined) titles.push(rules.suffixes[""]);
    const { style, size } = readTitles(titles);
    rest = takeStyleWords(rest, name, rules.names, style);
    rest = takeVariantNumber(rest, rules.names);
    return { phrase: rest.replaceAll(/[-_]+/g, " ").trim(), style, size };
  };
}

/** "Solid 20x20" to style words and a size; "regular" and the like say nothing. */
function readTitles(titles: string[]): { style: string[]; size?: number } {
  const style: string[] = [];
  let size: number | undefined;
  const words = titles.join(" ").replaceAll(/([a-z])([A-Z])/g, "$1 $2").toLowerCase().split(/\s+/);
  for (const word of words) {
    const number = /^(\d+)(x\d+|px)?$/.exec(word);
    if (number) size = Number(number[1]);
    else if (!/^(regular|basic|path|default|)$/.test(word) && !style.includes(word)) {
      style.push(word);
    }
  }
  return { style, size };
}

function takeStyleWords(
  name: string,
  whole: string,
  names: ReadonlySet<string>,
  style: string[],
): string {
  let rest = name;
  for (let dash = rest.lastIndexOf("-"); dash > 0; dash = rest.lastIndexOf("-")) {
    const word = rest.slice(dash + 1), stem = rest.slice(0, dash);
    if (!STYLE_WORDS.has(word) || (!names.has(stem) && !hasOtherStyle(stem, whole, names))) break;
    if (!style.includes(word)) style.push(word);
    rest = stem;
  }
  return rest;
}

function hasOtherStyle(stem: string, whole: string, names: ReadonlySet<string>): boolean {
  for (const word of STYLE_WORDS) {
    const other = `${stem}-${word}`;
    // "light" and "line" are things as well: they never prove that the stem is the thing.
    if (word !== "light" && word !== "line" && other !== whole && names.has(other)) return true;
  }
  return false;
}

function takeVariantNumber(name: string, names: ReadonlySet<string>): string {
  const match = /^(.+?)-(?:0\d|[1-9])$/.exec(name);
  if (!match || COUNTED.has(match[1].slice(match[1].lastIndexOf("-") + 1))) return name;
  const [, stem] = match;
  const isVariant = names.has(stem) || names.has(`${stem}-01`) || names.has(`${stem}-1`);
  return isVariant && /[a-z]{2}/.test(stem) ? stem : name;
}
