import { createHash } from "node:crypto";
import { Bpe, type Merge } from "./bpe.ts";
import { Tokenizer } from "./tokenizer.ts";
import type { TokenFlavour } from "./token_rules.ts";

const FORMAT = "clipa-kit/tokenizer";
const VERSION = 1;
/** Far above any vocabulary; keeps a wrong path from being read into memory as text. */
const MAX_BYTES = 64 * 2 ** 20;

/** What the file holds, in the order of its keys; the checksum is that of the rest. */
interface Content {
  format: string;
  version: number;
  flavour: TokenFlavour;
  vocabulary: number;
  special: { pad: number; start: number; end: number | null };
  merges: readonly Merge[];
}

/**
 * Write a tokenizer as one JSON file. The file is complete or absent: it is written beside its place
 * and renamed.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { Tokenizer } from "./tokenizer.ts";
 * import { loadTokenizer, saveTokenizer } from "./tokenizer_file.ts";
 * import { trainBpe } from "./train_bpe.ts";
 *
 * const path = Deno.makeTempFileSync();
 * const tokenizer = new Tokenizer(trainBpe(["red cat", "black cat"]), "jax");
 * saveTokenizer(path, tokenizer);
 * assert.deepEqual(loadTokenizer(path).encodeIds("cat"), tokenizer.encodeIds("cat"));
 * Deno.removeSync(path);
 * ```
 */
export function saveTokenizer(path: string, tokenizer: Tokenizer) {
  const content = contentOf(tokenizer);
  const text = JSON.stringify({ ...content, sha256: checksum(content) }) + "\n";
  const partial = `${path}.partial`;
  try {
    using file = Deno.openSync(partial, { write: true, create: true, truncate: true });
    const bytes = new TextEncoder().encode(text);
    for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
    file.syncSync();
    Deno.renameSync(partial, path);
  } catch (error) {
    try {
      Deno.removeSync(partial);
    } catch { // It was never made; the first error says why.
    }
    throw error;
  }
}

/**
 * Read a tokenizer that {@link saveTokenizer} wrote.
 *
 * @throws {SyntaxError} when the file is not a tokenizer, is of another version or is damaged.
 */
export function loadTokenizer(path: string): Tokenizer {
  const { size } = Deno.statSync(path);
  if (size > MAX_BYTES) {
    throw new SyntaxError(
      `${path}: seen ${size} bytes; allowed: a tokenizer file, below ${MAX_BYTES}`,
    );
  }
  try {
    return parse(Deno.readTextFileSync(path));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SyntaxError(
      `${path}: ${error.message}; export the model again or copy the file anew`,
      { cause: error },
    );
  }
}

function parse(text: string): Tokenizer {
  const { sha256, ...content } = (JSON.parse(text) ?? {}) as Content & { sha256: string };
  if (content.format !== FORMAT) {
    throw new SyntaxError(`format: seen ${JSON.stringify(content.format)}; allowed: "${FORMAT}"`);
  }
  if (content.version !== VERSION) {
    throw new SyntaxError(`version: seen ${content.version}; allowed: ${VERSION}`);
  }
  const sum = checksum(content);
  if (sha256 !== sum) {
    throw new SyntaxError(`sha256: seen ${sha256}, the content has ${sum}: the file is damaged`);
  }
  if (content.flavour !== "jax" && content.flavour !== "torch") {
    throw new SyntaxError(`flavour: seen "${content.flavour}"; allowed: "jax", "torch"`);
  }
  if (!Array.isArray(content.merges) || content.merges.some((pair) => pair?.length !== 2)) {
    throw new SyntaxError("merges: allowed: an array of pairs of pieces");
  }
  const tokenizer = new Tokenizer(new Bpe(content.merges), content.flavour);
  // A file of another writer may have a right checksum and still contradict itself.
  const { vocabulary, special } = contentOf(tokenizer);
  if (
    content.vocabulary !== vocabulary ||
    JSON.stringify(content.special) !== JSON.stringify(special)
  ) {
    throw new SyntaxError(
      `vocabulary and special tokens: seen ${content.vocabulary}, ` +
        `${JSON.stringify(content.special)}; the merges give ${vocabulary}, ` +
        JSON.stringify(special),
    );
  }
  return tokenizer;
}

function contentOf({ bpe, rules, vocabularySize }: Tokenizer): Content {
  return {
    format: FORMAT,
    version: VERSION,
    flavour: rules.flavour,
    vocabulary: vocabularySize,
    special: { pad: rules.pad, start: rules.start, end: rules.end },
    merges: bpe.merges,
  };
}

function checksum(content: Content): string {
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}
