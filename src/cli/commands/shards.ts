import type { Command } from "../command.ts";
import { checkFolder } from "../output_file.ts";
import { createProgressBar, type Progress } from "../progress_bar.ts";
import { UsageError } from "../usage_error.ts";

/** Where pairs come from. */
export const SOURCES = ["folder", "csv", "tsv", "jsonl", "parquet"] as const;

/** What is packed, and into what. */
export interface ShardsRequest {
  from: typeof SOURCES[number];
  /** The folder or the table. */
  path: string;
  out: string;
  perShard: number;
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

/** `deno task shards`: pictures with captions to webdataset tars. */
export function shardsCommand(pack: (request: ShardsRequest) => Promise<ShardsSummary>): Command {
  return {
    name: "shards",
    summary: "Pack pictures and captions into webdataset shards",
    positional: { name: "path", default: ".", help: "The folder of pictures, or the table" },
    options: {
      from: { kind: "value", value: "KIND", default: "folder", help: SOURCES.join(", ") },
      out: { kind: "value", value: "DIR", help: "New folder for the shards" },
      "per-shard": { kind: "value", value: "N", default: "1000", help: "Samples of a shard" },
      "image-column": {
        kind: "value",
        value: "NAME",
        help: "Column with the picture file; none means image, file_name, path or the like",
      },
      "caption-column": {
        kind: "value",
        value: "NAME",
        help: "Column with the caption; none means caption, text, title or description",
      },
    },
    async run({ arguments: args, signal }) {
      const from = SOURCES.find((name) => name === args.value("from"));
      if (from === undefined) {
        throw new UsageError(
          `--from: seen "${args.value("from")}"; allowed: ${
            SOURCES.join(", ")
          }; img2dataset's files ` +
            "are a folder, and its tars are shards already",
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
      checkFolder("--out", out.replace(/(?<=.)\/+$/, ""));
      const summary = await pack({
        from,
        path: args.positionals[0],
        out,
        perShard,
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
