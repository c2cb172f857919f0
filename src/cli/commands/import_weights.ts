import type { Command } from "../command.ts";
import { UsageError } from "../usage_error.ts";

/** What is imported, as the command line says it. */
export interface ImportRequest {
  file: string;
  out: string;
  /** A tokenizer's name or file. */
  tokenizer: string;
  /** Path of an `open_clip_config.json`. */
  config?: string;
  flavour?: "jax" | "torch";
  /** Side of the pictures of JAX weights. */
  imageSize?: number;
  form?: string;
  /** Fields of the model by their path, such as `image.pool`. */
  fields: Readonly<Record<string, string>>;
  root: string;
}

/** What was imported. */
export interface ImportReport {
  model: string;
  files: readonly { path: string; bytes: number; sha256: string }[];
  parity: { cosineMin: number; maxAbs: number };
  /** Every field of the model, as it was understood. */
  spec: unknown;
  imageSize: number;
  textTokens: number;
}

const FORMS = ["fast", "portable", "open_clip", "safetensors"];

/** `deno task import-weights`: foreign weights as a model's folder. */
export function importCommand(
  importWeights: (request: ImportRequest) => Promise<ImportReport>,
): Command {
  return {
    name: "import-weights",
    summary: "Make a model of open_clip's, PyTorch's or JAX's CLIP weights",
    positional: { name: "file", default: "", help: "A .safetensors, .bin, .pt or .npz file" },
    options: {
      out: { kind: "value", value: "DIR", help: "Folder of the model; none means models/<file>" },
      tokenizer: {
        kind: "value",
        value: "NAME|FILE",
        help: "clip-bpe, bert-uncased, bert-uncased-strip-sep, or a tokenizer.json",
      },
      config: {
        kind: "value",
        value: "FILE",
        help: "open_clip_config.json: compute what open_clip computes",
      },
      flavour: {
        kind: "value",
        value: "jax|torch",
        help: "Whose pooling, GELU and eps; none means jax without ln_pre, else torch",
      },
      set: {
        kind: "values",
        value: "FIELD=VALUE",
        help: "A field by hand, such as image.pool=cls or gelu=erf; may be repeated",
      },
      size: { kind: "value", value: "N", default: "224", help: "Picture side of JAX weights" },
      form: {
        kind: "value",
        value: FORMS.join("|"),
        help: "What to write; none means the fast and the portable graphs",
      },
    },
    async run({ arguments: args, root }) {
      const [file] = args.positionals;
      if (!file) {
        throw new UsageError("the file is missing; name a .safetensors, .bin or .npz file");
      }
      const tokenizer = args.value("tokenizer");
      if (tokenizer === undefined) {
        throw new UsageError(
          "--tokenizer is missing; weights do not tell it: bert-uncased for CLIPA-v2, clip-bpe for most " +
            "others, or a tokenizer.json",
        );
      }
      const name = file.split("/").at(-1)!.replace(/\.[^.]+$/, "");
      const report = await importWeights({
        file,
        out: args.value("out") ?? `models/${name}`,
        tokenizer,
        config: args.value("config"),
        flavour: oneOf("flavour", ["jax", "torch"] as const, args.value("flavour")),
        imageSize: sizeOf(args.value("size")!),
        form: oneOf("form", FORMS, args.value("form")),
        fields: fieldsOf(args.values("set")),
        root,
      });
      return { json: { ...report }, text: describe(report) };
    },
  };
}

function oneOf<T extends string>(
  option: string,
  allowed: readonly T[],
  value: string | undefined,
): T | undefined {
  const found = allowed.find((name) => name === value);
  if (found !== undefined || value === undefined) return found;
  throw new UsageError(`--${option}: seen "${value}"; allowed: ${allowed.join(", ")}`);
}

function sizeOf(text: string): number {
  const size = Number(text);
  if (Number.isInteger(size) && size > 0) return size;
  throw new UsageError(`--size: seen "${text}"; allowed: a whole number of pixels`);
}

function fieldsOf(entries: readonly string[]): Record<string, string> {
  return Object.fromEntries(entries.map((entry) => {
    const at = entry.indexOf("=");
    if (at > 0) return [entry.slice(0, at), entry.slice(at + 1)];
    throw new UsageError(`--set: seen "${entry}"; allowed: FIELD=VALUE, such as image.pool=cls`);
  }));
}

function describe({ model, files, parity, imageSize, textTokens, spec }: ImportReport): string {
  const list = files.map(({ path, bytes }) => `  ${path}  ${bytes} bytes`);
  const near = `cosine ${parity.cosineMin.toFixed(7)}, difference ${
    parity.maxAbs.toExponential(1)
  }`;
  return [
    `${model}: pictures of ${imageSize} pixels, ${textTokens} text tokens`,
    `understood as ${JSON.stringify(spec)}`,
    ...list,
    `graphs against the library: ${near}`,
  ].join("\n");
}
