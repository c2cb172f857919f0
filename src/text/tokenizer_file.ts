import { createHash } from "node:crypto";
import { BertTokenizer } from "./bert_tokenizer.ts";
import { Bpe, type Merge } from "./bpe.ts";
import { type CaptionTokenizer, TOKENIZER_KINDS, type TokenizerKind } from "./caption_tokenizer.ts";
import { ClipTokenizer } from "./clip_tokenizer.ts";
import { Tokenizer } from "./tokenizer.ts";
import type { TokenFlavour } from "./token_rules.ts";
import { checkBertPieces, checkClipMerges } from "./vocabularies.ts";

const FORMAT = "clipa-kit/tokenizer";
/** Version 1 has no kind and is a code for icons; version 2 names its kind. */
const VERSIONS = [1, 2];
/** Far above any vocabulary; keeps a wrong path from being read into memory as text. */
const MAX_BYTES = 64 * 2 ** 20;

/** What the file holds, in the order of its keys; the checksum is that of the rest. */
interface Content {
  format: string;
  version: number;
  kind?: TokenizerKind;
  flavour: TokenFlavour;
  vocabulary: number;
  special: { pad: number; start: number; end: number | null };
  /** Of the project's own code: pairs of pieces; of OpenAI's: pairs of symbols as text. */
  merges?: readonly Merge[] | readonly string[];
  /** Of BERT's vocabulary; index = id. */
  pieces?: readonly string[];
}

/**
 * Write a tokenizer of any kind as one JSON file with its whole vocabulary. The file is complete or absent: it is written beside its place
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
export function saveTokenizer(path: string, tokenizer: CaptionTokenizer) {
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
export function loadTokenizer(path: string): CaptionTokenizer {
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

function parse(text: string): CaptionTokenizer {
  const { sha256, ...content } = (JSON.parse(text) ?? {}) as Content & { sha256: string };
  if (content.format !== FORMAT) {
    throw new SyntaxError(`format: seen ${JSON.stringify(content.format)}; allowed: "${FORMAT}"`);
  }
  if (!VERSIONS.includes(content.version)) {
    throw new SyntaxError(`version: seen ${content.version}; allowed: ${VERSIONS.join(", ")}`);
  }
  const sum = checksum(content);
  if (sha256 !== sum) {
    throw new SyntaxError(`sha256: seen ${sha256}, the content has ${sum}: the file is damaged`);
  }
  if (content.flavour !== "jax" && content.flavour !== "torch") {
    throw new SyntaxError(`flavour: seen "${content.flavour}"; allowed: "jax", "torch"`);
  }
  const tokenizer = makeTokenizer(content);
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

function makeTokenizer({ kind = "icons", flavour, merges, pieces }: Content): CaptionTokenizer {
  switch (kind) {
    case "icons":
      if (!Array.isArray(merges) || merges.some((pair) => pair?.length !== 2)) {
        throw new SyntaxError("merges: allowed: an array of pairs of pieces");
      }
      return new Tokenizer(new Bpe(merges), flavour);
    case "clip-bpe":
      return new ClipTokenizer(checkClipMerges(texts("merges", merges)), flavour);
    case "bert-uncased":
      return new BertTokenizer(checkBertPieces(texts("pieces", pieces)), "jax", flavour);
    case "bert-uncased-strip-sep":
      return new BertTokenizer(checkBertPieces(texts("pieces", pieces)), "strip-sep", flavour);
    default:
      throw new SyntaxError(
        `kind: seen ${JSON.stringify(kind)}; allowed: ${TOKENIZER_KINDS.join(", ")}`,
      );
  }
}

function texts(field: string, value: unknown): string[] {
  if (Array.isArray(value) && value.every((text) => typeof text === "string")) return value;
  throw new SyntaxError(`${field}: allowed: an array of texts`);
}

function contentOf(tokenizer: CaptionTokenizer): Content {
  const { kind, rules, vocabularySize } = tokenizer;
  return {
    format: FORMAT,
    version: kind === "icons" ? 1 : 2,
    ...(kind === "icons" ? {} : { kind }),
    flavour: rules.flavour,
    vocabulary: vocabularySize,
    special: { pad: rules.pad, start: rules.start, end: rules.end },
    ...vocabularyOf(tokenizer),
  };
}

function vocabularyOf(tokenizer: CaptionTokenizer): Pick<Content, "merges" | "pieces"> {
  if (tokenizer instanceof Tokenizer) return { merges: tokenizer.bpe.merges };
  if (tokenizer instanceof ClipTokenizer) return { merges: tokenizer.merges };
  if (tokenizer instanceof BertTokenizer) return { pieces: tokenizer.pieces };
  throw new TypeError(`tokenizer: seen ${tokenizer.kind}; allowed: ${TOKENIZER_KINDS.join(", ")}`);
}

function checksum(content: Content): string {
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}
