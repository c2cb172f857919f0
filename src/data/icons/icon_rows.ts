import type { IconSetInfo, IconSetSource, IconSource } from "./icon_sets.ts";
import { familyOf } from "./families.ts";
import { isFlag } from "./exclusion.ts";
import { splitOf } from "./held_out.ts";
import { createNameReader } from "./phrases.ts";
import { svgOf } from "./svg.ts";
import type { Split } from "./held_out.ts";

/** One picture of the data set before it is drawn. */
export interface IconRow {
  /** `set:name`, unique. */
  key: string;
  name: string;
  set: IconSetInfo;
  family: string;
  split: Split;
  phrase: string;
  style: string[];
  /** Whether the picture has colours of its own. */
  colour: boolean;
  /** Phrases of the icon's other names. */
  aliases: string[];
  /** Cleaned categories of the set, such as "food". */
  categories: string[];
  /** Where the SVG text lies in the file of all SVG texts, bytes. */
  svgAt: number;
  svgBytes: number;
}

/** Counts by reason of what was left out. */
export type Skipped = Record<string, number>;

/** Count one more for a reason. */
export function countSkip(skipped: Skipped, reason: string, n = 1): void {
  if (n > 0) skipped[reason] = (skipped[reason] ?? 0) + n;
}

/** Categories that say nothing about what is drawn. */
const VAGUE = new RegExp(
  "^(all|default|general|new|objects?|shapes?|symbols?|actions?|common|content|regular|design)$|" +
    "\\b(others?|misc|miscellaneous|icons?|basics?|ui|interfaces?|essentials?|brands?|logos?|" +
    "social media|components?)\\b",
);

/** The drawable rows of one set, in its order. `store` keeps an SVG text and says where. */
export function rowsOfSet(
  source: IconSetSource,
  skipped: Skipped,
  store: (svg: string) => { at: number; bytes: number },
): IconRow[] {
  const { info } = source;
  const read = createNameReader({
    suffixes: source.suffixes,
    prefixes: source.prefixes,
    names: new Set(source.icons.map((icon) => icon.name)),
  });
  const family = familyOf(info.id);
  countSkip(skipped, "hidden icon", source.hidden);
  const icons = info.id.startsWith("fluent") ? oneSizeEach(source, read, skipped) : source.icons;
  const rows: IconRow[] = [];
  for (const icon of icons) {
    if (isFlag(icon.categories)) {
      countSkip(skipped, "flag");
      continue;
    }
    const { phrase, style } = read(icon.name);
    const { svg, colour } = svgOf(icon, info.palette);
    const { at, bytes } = store(svg);
    rows.push({
      key: `${info.id}:${icon.name}`,
      name: icon.name,
      set: info,
      family,
      split: splitOf(family),
      phrase,
      style,
      colour,
      aliases: unique(icon.aliases.map((alias) => read(alias).phrase)).filter((a) => a !== phrase),
      categories: cleanCategories(icon.categories),
      svgAt: at,
      svgBytes: bytes,
    });
  }
  return rows;
}

const SIZE_ORDER = [24, 32, 20, 28, 48, 16, 12, 10, 96];

/** Fluent draws one icon at up to eight sizes that look alike at 64 pixels: keep one. */
function oneSizeEach(
  source: IconSetSource,
  read: ReturnType<typeof createNameReader>,
  skipped: Skipped,
): IconSource[] {
  const best = new Map<string, { icon: IconSource; place: number }>();
  for (const icon of source.icons) {
    const { phrase, style, size } = read(icon.name);
    // Icons whose name has no size stay apart by their name.
    const key = size === undefined ? icon.name : `${phrase}|${style.join(" ")}`;
    const place = size === undefined ? 0 : (SIZE_ORDER.indexOf(size) + 100) % 100;
    const kept = best.get(key);
    if (!kept || place < kept.place) best.set(key, { icon, place });
  }
  countSkip(skipped, "size variant", source.icons.length - best.size);
  return [...best.values()].map(({ icon }) => icon);
}

function cleanCategories(categories: readonly string[]): string[] {
  const words = categories.flatMap((category) =>
    category.replaceAll(/([a-z])([A-Z])/g, "$1 $2").toLowerCase()
      .split(/\s*(?:[/&+,|]|\band\b)\s*/).map((part) => part.trim())
  );
  return unique(words).filter((word) => /^[a-z][a-z -]*$/.test(word) && !VAGUE.test(word));
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
