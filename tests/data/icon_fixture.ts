import { findIconPackages, type IconPackages } from "../../src/data/icons/icon_packages.ts";

const path = (d: string) => `<path fill="currentColor" d="${d}"/>`;
const square = (from: number, to: number) => path(`M${from} ${from}H${to}V${to}H${from}z`);
const triangle = path("M2 22L12 2L22 22z");
const bars = path("M2 2H6V22H2zM10 2H14V22H10zM18 2H22V22H18z");
const drop = path("M12 2C20 12 20 22 12 22S4 12 12 2z");

/** Icon sets as small as the rules allow: every family that a rule names has one. */
const SETS: Record<string, { info: object; json: object }> = {
  lucide: {
    info: { name: "Lucide", license: { spdx: "ISC", url: "https://example.org/isc" } },
    json: {
      icons: {
        umbrella: { body: triangle },
        "umbrella-outline": { body: path("M2 22L12 2L22 22zM6 20L12 8L18 20z") },
        // The same drawing as the one in ph below, with other padding.
        parasol: { body: square(2, 22) },
        kite: { body: square(2, 22) },
        retired: { body: drop, hidden: true },
        "backpack-off": { body: drop },
        invisible: { body: `<path d="M0 0"/>` },
      },
      aliases: {
        brolly: { parent: "umbrella" },
        "backpack-cover": { parent: "umbrella" },
        "umbrella-left": { parent: "umbrella", rotate: 1 },
      },
      categories: { Weather: ["umbrella", "umbrella-outline"], "Logos": ["umbrella"] },
    },
  },
  "mdi-light": {
    info: { name: "Material Design Light", license: { spdx: "OFL-1.1" } },
    json: {
      suffixes: { "": "Regular", "bold-sharp": "Bold Sharp" },
      icons: { "umbrella-bold-sharp": { body: drop }, kite: { body: drop }, cup: { body: bars } },
      categories: { Weather: ["umbrella-bold-sharp"] },
    },
  },
  noto: {
    info: { name: "Noto Emoji", category: "Emoji", palette: true },
    json: {
      icons: {
        umbrella: { body: `<path fill="#c00" d="M2 22L12 2L22 22z"/>` },
        "flag-for-peru": { body: `<path fill="#c00" d="M2 2h9v9z"/>` },
        package: { body: triangle },
      },
      categories: { Flags: ["flag-for-peru"] },
    },
  },
  ph: {
    info: { name: "Phosphor", license: { spdx: "MIT" } },
    json: {
      icons: {
        umbrella: { body: bars },
        kite: { body: square(6, 18) },
        backpack: { body: drop },
        cup: { body: triangle },
      },
    },
  },
  whh: {
    info: { name: "WebHostingHub Glyphs", hidden: true },
    json: { icons: { umbrella: { body: drop }, backpack: { body: bars } } },
  },
  "fluent-color": {
    info: { name: "Fluent Color", palette: true },
    json: {
      suffixes: { "16": "16", "24": "24" },
      icons: {
        "kite-16": { body: `<path fill="#00f" d="M2 2h9v9z"/>` },
        "kite-24": { body: `<path fill="#00f" d="M2 2h9v9z"/>` },
      },
    },
  },
  gala: { info: { name: "Gala", license: { spdx: "GPL-3.0" } }, json: { icons: {} } },
  logos: { info: { name: "Logos", category: "Logos" }, json: { icons: {} } },
  flag: { info: { name: "Flags", category: "Flags / Maps" }, json: { icons: {} } },
};

/** Nouns of the fixture's WordNet: lemma → meanings, most frequent first. */
const NOUNS: Record<string, { file: number; lemmas: string[]; gloss: string }[]> = {
  umbrella: [
    { file: 6, lemmas: ["umbrella", "gamp"], gloss: 'a handheld canopy; "take an umbrella"' },
    { file: 4, lemmas: ["umbrella"], gloss: "a formation of planes" },
  ],
  kite: [
    { file: 6, lemmas: ["kite"], gloss: "a plaything on a string, carried in a backpack" },
    { file: 5, lemmas: ["kite"], gloss: "a small hawk" },
  ],
  cup: [{ file: 14, lemmas: ["cup"], gloss: "a contest" }, {
    file: 6,
    lemmas: ["cup"],
    gloss: "a small open container",
  }],
};

/** Write the packages to a folder and say where they are. */
export function writeIconFixture(dir: string): IconPackages {
  const iconify = `${dir}/iconify`, wordnet = `${dir}/wordnet`;
  Deno.mkdirSync(`${iconify}/json`, { recursive: true });
  Deno.mkdirSync(`${wordnet}/dict`, { recursive: true });
  const collections = Object.fromEntries(Object.entries(SETS).map(([id, set]) => [id, set.info]));
  Deno.writeTextFileSync(`${iconify}/collections.json`, JSON.stringify(collections));
  for (const [id, set] of Object.entries(SETS)) {
    const json = { prefix: id, width: 24, height: 24, ...set.json };
    Deno.writeTextFileSync(`${iconify}/json/${id}.json`, JSON.stringify(json));
  }
  let data = "  1 header\n", index = "  1 header\n";
  for (const [lemma, meanings] of Object.entries(NOUNS)) {
    const offsets = meanings.map(({ file, lemmas, gloss }) => {
      const at = data.length;
      const count = lemmas.length.toString(16).padStart(2, "0");
      const words = lemmas.map((word) => `${word} 0`).join(" ");
      const number = String(file).padStart(2, "0");
      data += `${String(at).padStart(8, "0")} ${number} n ${count} ${words} 000 | ${gloss}  \n`;
      return String(at).padStart(8, "0");
    });
    index += `${lemma} n ${offsets.length} 0 ${offsets.length} 0 ${offsets.join(" ")}  \n`;
  }
  Deno.writeTextFileSync(`${wordnet}/dict/data.noun`, data);
  Deno.writeTextFileSync(`${wordnet}/dict/index.noun`, index);
  const { rasteriser, versions } = findIconPackages();
  return { iconify, wordnet, rasteriser, versions };
}
