import type { Command } from "../command.ts";
import { createProgressBar, type Progress } from "../progress_bar.ts";
import { UsageError } from "../usage_error.ts";

/** What is fetched, and where to. */
export interface FetchRequest {
  pattern: string;
  out: string;
  parallel: number;
  signal: AbortSignal;
  onProgress(progress: Progress): void;
}

/** What was fetched. */
export interface FetchSummary {
  files: readonly string[];
  bytes: number;
  failed: readonly { url: string; reason: string }[];
}

/** `deno task fetch`: shards from a web server; the one task that uses the network. */
export function fetchCommand(
  fetchShards: (request: FetchRequest) => Promise<FetchSummary>,
): Command {
  return {
    name: "fetch",
    summary: "Fetch shards from a web server, going on after any stop",
    positional: {
      name: "url",
      help: "Address, with braces for many: 'https://host/{00000..00099}.tar'",
    },
    options: {
      out: { kind: "value", value: "DIR", default: "shards", help: "Folder for the files" },
      parallel: {
        kind: "value",
        value: "N",
        default: "4",
        help: "Files at the same time, 1 to 64",
      },
    },
    async run({ arguments: args, signal }) {
      const [pattern] = args.positionals;
      if (!pattern) {
        throw new UsageError("url: missing; give an address such as https://host/00000.tar");
      }
      const parallel = Number(args.value("parallel"));
      if (!(Number.isInteger(parallel) && parallel >= 1 && parallel <= 64)) {
        throw new UsageError(`--parallel: seen "${args.value("parallel")}"; allowed: 1 to 64`);
      }
      const out = args.value("out")!;
      const found = await fetchShards({
        pattern,
        out,
        parallel,
        signal,
        onProgress: createProgressBar(),
      });
      for (const { reason } of found.failed) console.error(`error: ${reason}`);
      const { files, bytes, failed } = found;
      return {
        code: failed.length === 0 ? 0 : 1,
        json: { out, files: files.length, bytes, failed },
        text: `${files.length} files in ${out}, ${(bytes / 1e6).toFixed(1)} MB fetched, ` +
          `${failed.length} failed`,
      };
    },
  };
}
