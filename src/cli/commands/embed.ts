import type { Command, ParsedArguments } from "../command.ts";
import { MODEL_OPTIONS, type ModelRequest, readModelOptions } from "../model_options.ts";
import { checkFolder } from "../output_file.ts";
import { createProgressBar, type Progress } from "../progress_bar.ts";
import { UsageError } from "../usage_error.ts";

/** What is embedded, and into what. */
export interface EmbedRequest extends ModelRequest {
  input: { images: string } | { shards: string } | { text: string };
  out: string;
  type: "f32" | "f16";
  signal: AbortSignal;
  onProgress(progress: Progress): void;
}

/** What was embedded. */
export interface EmbedSummary extends Record<string, unknown> {
  path: string;
  keysPath: string;
  count: number;
  width: number;
  seconds: number;
  skipped: readonly { reason: string; count: number; examples: readonly string[] }[];
}

/** What the command asks of the rest of the project. */
export interface EmbedParts {
  embed(request: EmbedRequest): Promise<EmbedSummary>;
}

const INPUTS = ["images", "shards", "text"] as const;

/** `deno task embed`: pictures or texts to a file of vectors. */
export function embedCommand(parts: EmbedParts): Command {
  return {
    name: "embed",
    summary: "Embed pictures or texts into a file of vectors",
    options: {
      ...MODEL_OPTIONS,
      images: { kind: "value", value: "GLOB", help: "Picture files: a folder, a path or a glob" },
      shards: { kind: "value", value: "GLOB", help: "Webdataset tars: a path or a glob" },
      text: { kind: "value", value: "FILE", help: "UTF-8 text, one caption a line" },
      out: { kind: "value", value: "FILE", help: "File to write, .safetensors or .npy" },
      dtype: { kind: "value", value: "TYPE", default: "f32", help: "f32 or f16" },
    },
    async run({ arguments: args, env, signal }) {
      const request = {
        ...readModelOptions(args, env),
        input: readInput(args),
        out: readOut(args),
        type: readType(args),
        signal,
        onProgress: createProgressBar(),
      };
      checkFolder("--out", request.out);
      const summary = await parts.embed(request);
      for (const { reason, count, examples } of summary.skipped) {
        console.error(`embed  left out ${count}: ${reason}; first: ${examples[0]}`);
      }
      const { path, keysPath, count, width, seconds } = summary;
      const text = `${path}: ${count} vectors of ${width} values in ${seconds.toFixed(1)} s; ` +
        `keys in ${keysPath}`;
      return { json: summary, text };
    },
  };
}

function readInput(args: ParsedArguments): EmbedRequest["input"] {
  const given = INPUTS.filter((name) => args.value(name) !== undefined);
  if (given.length !== 1) {
    const seen = given.length === 0 ? "none" : given.map((name) => `--${name}`).join(" and ");
    throw new UsageError(`${seen} of --images, --shards and --text given; give one of them`);
  }
  const value = args.value(given[0])!;
  if (given[0] === "images") return { images: value };
  return given[0] === "shards" ? { shards: value } : { text: value };
}

function readOut(args: ParsedArguments): string {
  const out = args.value("out");
  if (out !== undefined && /[^/]\.(?:safetensors|npy)$/.test(out)) return out;
  throw new UsageError(
    out === undefined
      ? "--out is missing; give a file to write: --out icons.safetensors"
      : `--out: seen "${out}"; allowed: a file that ends in .safetensors or .npy`,
  );
}

function readType(args: ParsedArguments): "f32" | "f16" {
  const type = args.value("dtype");
  if (type === "f32" || type === "f16") return type;
  throw new UsageError(`--dtype: seen "${type}"; allowed: f32, f16`);
}
