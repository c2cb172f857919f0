/** Fields of a model that a preset fills in; the flavour and the recipe give the rest. */
export interface PresetFields {
  embed: number;
  image: { width: number; layers: number; heads: number; mlp: number; patch: number };
  text: { width: number; layers: number; heads: number; mlp: number; vocabulary?: number };
}

/** One tower as a table row: width, layers, heads, mlp. */
type TowerRow = readonly [width: number, layers: number, heads: number, mlp: number];
type Row = readonly [embed: number, patch: number, image: TowerRow, text: TowerRow];

/** The papers' models: paper 1, table 4, and for G/14 the released code (its mlp is not 4 x width). */
const PAPER: Readonly<Record<string, Row>> = {
  "S/16": [384, 16, [384, 12, 6, 1536], [384, 12, 6, 1536]],
  "B/16": [512, 16, [768, 12, 12, 3072], [512, 12, 8, 2048]],
  "L/16": [768, 16, [1024, 24, 16, 4096], [768, 12, 12, 3072]],
  "L/14": [768, 14, [1024, 24, 16, 4096], [768, 12, 12, 3072]],
  "H/14": [1024, 14, [1280, 32, 16, 5120], [1024, 24, 16, 4096]],
  "G/14": [1280, 14, [1664, 48, 16, 8192], [1280, 32, 20, 5120]],
};

/** Laptop twins: one family that differs in width only, for pictures of 32 to 64 pixels. */
const LAPTOP: Readonly<Record<string, Row>> = {
  "laptop-w48": [48, 8, [48, 4, 3, 192], [48, 4, 3, 192]],
  "laptop-w64": [64, 8, [64, 4, 2, 256], [64, 4, 2, 256]],
  "laptop-w96": [96, 8, [96, 4, 3, 384], [96, 4, 3, 384]],
  "laptop-w128": [128, 8, [128, 4, 4, 512], [128, 4, 4, 512]],
  "laptop-w192": [192, 8, [192, 4, 6, 768], [192, 4, 6, 768]],
  "laptop-w256": [256, 8, [256, 4, 8, 1024], [256, 4, 8, 1024]],
};

/** Rows of the token table that the project's own tokenizer fills. */
const LAPTOP_VOCABULARY = 8192;

/** All presets by name. */
export const PRESETS: Readonly<Record<string, PresetFields>> = Object.freeze({
  ...table(PAPER),
  ...table(LAPTOP, LAPTOP_VOCABULARY),
});

function table(rows: Readonly<Record<string, Row>>, vocabulary?: number) {
  return Object.fromEntries(
    Object.entries(rows).map(([name, [embed, patch, image, text]]) => [name, {
      embed,
      image: { ...tower(image), patch },
      text: { ...tower(text), ...(vocabulary === undefined ? {} : { vocabulary }) },
    }]),
  );
}

function tower([width, layers, heads, mlp]: TowerRow) {
  return { width, layers, heads, mlp };
}
