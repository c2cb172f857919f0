import { join } from "node:path";
import { readJson } from "./icon_packages.ts";

/** Licence and author of an icon set, as its package states them. */
export interface IconSetInfo {
  id: string;
  title: string;
  author: string;
  license: string;
  licenseUrl: string;
  /** Iconify's category, such as "Emoji" or "UI 24px". */
  kind: string;
  /** Whether the set's icons have their own colours. */
  palette: boolean;
}

/** One picture of a set. */
export interface IconSource {
  name: string;
  /** SVG elements without the outer svg. */
  body: string;
  left: number;
  top: number;
  width: number;
  height: number;
  /** Other names of the very same picture. */
  aliases: string[];
  categories: string[];
}

/** A set with its pictures. */
export interface IconSetSource {
  info: IconSetInfo;
  /** Style suffixes that the set declares, such as `{"outline-sharp": "Outline Sharp"}`. */
  suffixes: Record<string, string>;
  /** Style prefixes that the set declares. */
  prefixes: Record<string, string>;
  icons: IconSource[];
  /** Icons the set itself flags as hidden (retired or renamed). */
  hidden: number;
}

interface CollectionJson {
  name: string;
  author?: { name?: string };
  license?: { title?: string; spdx?: string; url?: string };
  category?: string;
  palette?: boolean;
}

interface Placed {
  left?: number;
  top?: number;
  width?: number;
  height?: number;
  hidden?: boolean;
}

interface SetJson extends Placed {
  icons: Record<string, Placed & { body: string }>;
  aliases?: Record<string, { parent: string; rotate?: number; hFlip?: boolean; vFlip?: boolean }>;
  categories?: Record<string, string[]>;
  suffixes?: Record<string, string>;
  prefixes?: Record<string, string>;
}

/** Facts about every set of the package, in its order. */
export function listIconSets(iconify: string): IconSetInfo[] {
  const collections = readJson<Record<string, CollectionJson>>(join(iconify, "collections.json"));
  return Object.entries(collections).map(([id, set]) => ({
    id,
    title: set.name,
    author: set.author?.name ?? "unknown",
    license: set.license?.spdx ?? set.license?.title ?? "unknown",
    licenseUrl: set.license?.url ?? "",
    kind: set.category ?? "",
    palette: set.palette ?? false,
  }));
}

/** What a set's file lacks, or null. */
function problemOf(json: SetJson | null): string | null {
  if (!isObject(json?.icons) || !Object.values(json.icons).every(isObject)) {
    return 'no "icons" with an object each';
  }
  if (!Object.values(json.aliases ?? {}).every(isObject)) {
    return 'no "aliases" with an object each';
  }
  return Object.values(json.categories ?? {}).every(Array.isArray)
    ? null
    : 'no "categories" with a list each';
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** Read one set: pictures in the set's order, with the names and categories it gives them. */
export function readIconSet(iconify: string, info: IconSetInfo): IconSetSource {
  const path = join(iconify, "json", `${info.id}.json`);
  const json = readJson<SetJson>(path);
  const lacks = problemOf(json);
  if (lacks !== null) {
    throw new SyntaxError(
      `${path}: ${lacks}; every set has them; delete node_modules and run "deno install" again`,
    );
  }
  const aliases = aliasesOf(json), categories = categoriesOf(json);
  const icons: IconSource[] = [];
  let hidden = 0;
  for (const [name, icon] of Object.entries(json.icons)) {
    if (icon.hidden) {
      hidden++;
      continue;
    }
    icons.push({
      name,
      body: icon.body,
      left: icon.left ?? json.left ?? 0,
      top: icon.top ?? json.top ?? 0,
      width: icon.width ?? json.width ?? 16,
      height: icon.height ?? json.height ?? 16,
      aliases: aliases.get(name) ?? [],
      categories: categories.get(name) ?? [],
    });
  }
  return { info, suffixes: json.suffixes ?? {}, prefixes: json.prefixes ?? {}, icons, hidden };
}

/** Names that mean the same picture: an alias that turns or flips it shows another picture. */
function aliasesOf(json: SetJson): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [alias, { parent, rotate, hFlip, vFlip }] of Object.entries(json.aliases ?? {})) {
    if (rotate || hFlip || vFlip || !Object.hasOwn(json.icons, parent)) continue;
    push(found, parent, alias);
  }
  return found;
}

function categoriesOf(json: SetJson): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [category, names] of Object.entries(json.categories ?? {})) {
    for (const name of names) push(found, name, category);
  }
  return found;
}

function push(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
