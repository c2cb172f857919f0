import { z } from "zod";
import { modelSchema } from "../config/model_schema.ts";
import type { ModelSpec } from "../config/model_spec.ts";
import { fileSha256 } from "../data/icons/write_whole.ts";
import type { Fit } from "../data/images/square_picture.ts";
import type { ResizeFilter } from "../data/images/resize_image.ts";
import type { GraphForm } from "./graph/tower_graph.ts";

/** Name of the card in a model's folder. */
export const CARD_FILE = "model.json";

/** How a picture becomes the pixels that a model reads: uint8 [size, size, 3], red, green, blue. */
export interface Preprocessing {
  /** Side of the square, in pixels. */
  readonly size: number;
  /** Antialiased, as Pillow's `resize`. */
  readonly filter: ResizeFilter;
  /** What happens to pictures that are not square. */
  readonly fit: Fit;
  /** Statistics that the graphs take off by themselves; for readers that feed floats elsewhere. */
  readonly pixels: "imagenet" | "openai";
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** How near the graphs come to the training library's forward pass. */
export interface Parity {
  /** Smallest cosine of two embeddings of the same sample. */
  readonly cosineMin: number;
  /** Largest difference of two features. */
  readonly maxAbs: number;
}

/** Where the weights come from. */
export interface Provenance {
  /** Folder of the run, as it was given. */
  readonly run: string;
  /** Name and SHA-256 of the recipe. */
  readonly recipe: string;
  readonly recipeHash: string;
  /** Pairs seen. */
  readonly samples: number;
  /** Name of the last stage, and whether the run came to its end. */
  readonly stage: string;
  readonly finished: boolean;
  readonly weights: "value" | "average";
  readonly dataSet: string;
  /** State of the source at the export; null where it is not under version control. */
  readonly commit: string | null;
  readonly dirty: boolean | null;
}

/** A file of a model's folder. */
export interface ModelFile {
  /** Relative to the folder. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Graph files of one form. */
export interface GraphFiles {
  readonly image: string;
  readonly text: string;
  /** The image tower with the second input `kept`. */
  readonly masked: string;
}

/** Everything that a reader of an exported model needs to know: `model.json`. */
export interface ModelCard {
  readonly format: "clipa-kit/model";
  readonly version: 1;
  readonly name: string;
  /** Features of an embedding. */
  readonly width: number;
  /** Side of the square pictures, in pixels. */
  readonly imageSize: number;
  /** Caption tokens, special tokens included. */
  readonly textTokens: number;
  /** Every field of the towers and of the flavour. */
  readonly model: ModelSpec;
  readonly preprocessing: Preprocessing;
  readonly tokenizer: { readonly file: string; readonly sha256: string };
  readonly pooling: {
    readonly image: ModelSpec["image"]["pool"];
    readonly text: ModelSpec["text"]["pool"];
  };
  /** Similarities are multiplied by this before a softmax. */
  readonly logitScale: number;
  /** Version of the standard operators of the graphs. */
  readonly opset: number;
  readonly graphs: { readonly [form in GraphForm]?: GraphFiles };
  readonly parity: { readonly [form in GraphForm]?: Parity };
  readonly files: readonly ModelFile[];
  readonly provenance: Provenance;
}

const count = z.int().min(1);
// Names from a file never lead out of its folder.
const fileName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/);
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const graphs = z.object({ image: fileName, text: fileName, masked: fileName });
const parity = z.object({ cosineMin: z.number(), maxAbs: z.number() });
const three = z.array(z.number()).length(3);

const schema = z.object({
  format: z.literal("clipa-kit/model"),
  version: z.literal(1),
  name: z.string(),
  width: count,
  imageSize: count,
  textTokens: count,
  model: modelSchema,
  preprocessing: z.object({
    size: count,
    filter: z.enum(["bilinear", "bicubic"]),
    fit: z.enum(["squash", "crop"]),
    pixels: z.enum(["imagenet", "openai"]),
    mean: three,
    std: three,
  }),
  tokenizer: z.object({ file: fileName, sha256: hash }),
  pooling: z.object({
    image: z.enum(["cls", "mean", "mean-with-cls"]),
    text: z.enum(["last", "eot"]),
  }),
  logitScale: z.number(),
  opset: count,
  graphs: z.object({ portable: graphs.optional(), fast: graphs.optional() }),
  parity: z.object({ portable: parity.optional(), fast: parity.optional() }),
  files: z.array(z.object({ path: fileName, bytes: z.int().min(0), sha256: hash })),
  provenance: z.object({
    run: z.string(),
    recipe: z.string(),
    recipeHash: hash,
    samples: z.int().min(0),
    stage: z.string(),
    finished: z.boolean(),
    weights: z.enum(["value", "average"]),
    dataSet: z.string(),
    commit: z.string().nullable(),
    dirty: z.boolean().nullable(),
  }),
}) satisfies z.ZodType<ModelCard>;

const AGAIN = 'export the model again with "deno task export"';

/**
 * Reads the card of a model's folder.
 *
 * @throws {Error} when the folder holds no model; {SyntaxError} when the card is damaged.
 *
 * ```ts ignore
 * const { imageSize, preprocessing } = readModelCard("models/quick");
 * ```
 */
export function readModelCard(dir: string): ModelCard {
  const path = `${dir}/${CARD_FILE}`;
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound || cause instanceof Deno.errors.NotADirectory)) {
      throw cause;
    }
    throw new Error(`${dir} holds no model (no ${CARD_FILE}); ${AGAIN}`, { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(`${path} is not JSON: ${(cause as Error).message}; ${AGAIN}`, { cause });
  }
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const [{ path: field, message }] = error.issues;
  throw new SyntaxError(`${path}: ${field.join(".") || "content"}: ${message}; ${AGAIN}`);
}

/**
 * Checks that files of a model are there and whole, by their length and checksum.
 *
 * @throws {Error} naming the file that is missing, cut or changed.
 */
export function checkModelFiles(dir: string, card: ModelCard, paths: readonly string[]): void {
  for (const path of paths) {
    const entry = card.files.find((file) => file.path === path);
    if (!entry) throw new SyntaxError(`${dir}/${CARD_FILE} does not list ${path}; ${AGAIN}`);
    const seen = sizeOf(`${dir}/${path}`);
    if (seen === null) throw new Error(`${dir}/${path} is missing; copy it there or ${AGAIN}`);
    if (seen !== entry.bytes) {
      throw new SyntaxError(
        `${dir}/${path}: seen ${seen} bytes, ${CARD_FILE} says ${entry.bytes}; copy it anew or ${AGAIN}`,
      );
    }
    const sum = checksumOf(`${dir}/${path}`);
    if (sum !== entry.sha256) {
      throw new SyntaxError(
        `${dir}/${path}: seen sha256 ${sum}, ${CARD_FILE} says ${entry.sha256}: the file was ` +
          `changed; copy it anew or ${AGAIN}`,
      );
    }
  }
}

/** Checksums of files that stand as they stood when they were read: weights may be large. */
const known = new Map<string, string>();

function checksumOf(path: string): string {
  const { dev, ino, size, mtime, ctime } = Deno.statSync(path);
  const state = [dev, ino, size, mtime?.getTime(), ctime?.getTime()].join(" ");
  // A file that was written this very moment could be written again in the same tick of its clock.
  const settled = Date.now() - (ctime?.getTime() ?? Infinity) > 1000;
  const sum = known.get(state) ?? fileSha256(path).sha256;
  if (settled) known.set(state, sum);
  return sum;
}

function sizeOf(path: string): number | null {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
