import type { Command, ParsedArguments } from "../command.ts";
import { checkFolder } from "../output_file.ts";
import { createProgressBar, type Progress } from "../progress_bar.ts";
import { UsageError } from "../usage_error.ts";

/** Where pairs come from. */
export const SOURCES = ["folder", "img2dataset", "csv", "tsv", "jsonl", "parquet"] as const;

/** How pictures are decoded to be checked. */
export const DECODES = ["exact", "scaled"] as const;

/** What is packed, and into what. */
export interface ShardsRequest {
  from: typeof SOURCES[number];
  /** The folder or the table. */
  path: string;
  out: string;
  perShard: number;
  decode: typeof DECODES[number];
  columns: { image?: string; caption?: string };
  signal: AbortSignal;
  onProgress(progress: Progress): void;
}

/** What was packed. */
export interface ShardsSummary {
  shards: readonly string[];
  samples: number;
  skipped: readonly { reason: string; count: number; first: string }[];
}

/** Which shards are looked at, and what is written about them. */
export interface StatsRequest {
  /** A path, a glob, or an address, with ranges in braces. */
  pattern: string;
  /** Fields that hold captions. */
  captions: readonly string[];
  /** HTML page to write. */
  page?: string;
  /** Contact sheet to write, SVG or PNG by its name. */
  sheet?: string;
  signal: AbortSignal;
  onProgress(progress: Progress): void;
}

/** What the command asks of the rest of the project. */
export interface ShardsParts {
  pack(request: ShardsRequest): Promise<ShardsSummary>;
  /** Statistics as an object, and as a table for people. */
  stats(request: StatsRequest): Promise<{ json: Record<string, unknown>; text: string }>;
}

/** `deno task shards`: pictures with captions to webdataset tars, or what tars hold. */
export function shardsCommand({ pack, stats }: ShardsParts): Command {
  return {
    name: "shards",
    summary: "Pack pictures and captions into webdataset shards, or say what shards hold",
    positional: {
      name: "path",
      default: ".",
      help:
        "The folder of pictures, or the table; with --stats the shards: a path, glob or address",
    },
    options: {
      stats: {
        kind: "flag",
        help: "Read shards: counts, sizes, captions, duplicates, broken samples",
      },
      page: { kind: "value", value: "FILE", help: "With --stats: write a preview page (.html)" },
      sheet: {
        kind: "value",
        value: "FILE",
        help: "With --stats: write a contact sheet (.svg, .png)",
      },
      from: { kind: "value", value: "KIND", default: "folder", help: SOURCES.join(", ") },
      out: { kind: "value", value: "DIR", help: "New folder for the shards" },
      decode: {
        kind: "value",
        value: "KIND",
        default: "exact",
        help:
          "How pictures are checked: exact, or scaled, which decodes JPEGs at an eighth, faster",
      },
      "per-shard": { kind: "value", value: "N", default: "1000", help: "Samples of a shard" },
      "image-column": {
        kind: "value",
        value: "NAME",
        help: "Column with the picture file; none means image, file_name, path or the like",
      },
      "caption-column": {
        kind: "value",
        value: "NAME",
        help: "Column with the caption; none means caption, text, title or description; with " +
          "--stats fields such as txt,json.alt, none means txt",
      },
    },
    async run({ arguments: args, signal }) {
      if (args.flag("stats")) return await stats(statsRequest(args, signal));
      const only = ["page", "sheet"].find((name) => args.value(name) !== undefined);
      if (only !== undefined) throw new UsageError(`--${only}: seen without --stats; add it`);
      const from = SOURCES.find((name) => name === args.value("from"));
      if (from === undefined) {
        throw new UsageError(
          `--from: seen "${args.value("from")}"; allowed: ${
            SOURCES.join(", ")
          }; img2dataset's tars are ` +
            "shards already",
        );
      }
      const out = args.value("out");
      if (!out) throw new UsageError("--out: missing; name a new folder for the shards");
      const perShard = Number(args.value("per-shard"));
      if (!Number.isInteger(perShard) || perShard < 1) {
        throw new UsageError(
          `--per-shard: seen "${args.value("per-shard")}"; allowed: a whole number of at least 1`,
        );
      }
      const decode = DECODES.find((kind) => kind === args.value("decode"));
      if (decode === undefined) {
        throw new UsageError(
          `--decode: seen "${args.value("decode")}"; allowed: ${DECODES.join(", ")}`,
        );
      }
      checkFolder("--out", out.replace(/(?<=.)\/+$/, ""));
      const summary = await pack({
        from,
        path: args.positionals[0],
        out,
        perShard,
        decode,
        columns: { image: args.value("image-column"), caption: args.value("caption-column") },
        signal,
        onProgress: createProgressBar(),
      });
      for (const { reason, count, first } of summary.skipped) {
        console.error(`shards  left out ${count}: ${reason}; first: ${first}`);
      }
      const { shards, samples, skipped } = summary;
      return {
        json: { out, shards: shards.length, samples, skipped },
        text: `${samples} samples in ${shards.length} shards: ${out}`,
      };
    },
  };
}

function statsRequest(args: ParsedArguments, signal: AbortSignal): StatsRequest {
  if (args.value("out") !== undefined) {
    throw new UsageError("--out: seen with --stats, which packs nothing; use --page or --sheet");
  }
  const page = args.value("page"), sheet = args.value("sheet");
  for (
    const [option, path, endings] of [["page", page, /\.html?$/], [
      "sheet",
      sheet,
      /\.(svg|png)$/,
    ]] as const
  ) {
    if (path === undefined) continue;
    if (!endings.test(path)) {
      const allowed = option === "page" ? ".html" : ".svg or .png";
      throw new UsageError(`--${option}: seen "${path}"; allowed: a file that ends in ${allowed}`);
    }
    checkFolder(`--${option}`, path);
  }
  return {
    pattern: args.positionals[0],
    captions: (args.value("caption-column") ?? "txt").split(","),
    page,
    sheet,
    signal,
    onProgress: createProgressBar(),
  };
}
