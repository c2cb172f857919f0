import type { Command } from "../command.ts";
import { createProgressBar, type Progress } from "../progress_bar.ts";
import { UsageError } from "../usage_error.ts";

/** What is printed about a data set that is ready. */
export interface DataSummary extends Record<string, unknown> {
  /** Folder of the data set. */
  dir: string;
}

/** What the command asks of the rest of the project. */
export interface DataParts {
  /** Builds the icon data set, or opens it when it is there. */
  buildIcons(options: {
    /** Only this many pictures, chosen by hash; all when absent. */
    limit?: number;
    signal: AbortSignal;
    onProgress(progress: Progress): void;
  }): Promise<DataSummary>;
  /** Draws the token reductions on samples of the data set to an SVG file. */
  drawReductions(dir: string, path: string): Promise<void>;
}

/** `deno task data`: builds the icon data set ahead of training. */
export function dataCommand(parts: DataParts): Command {
  return {
    name: "data",
    summary: "Build the icon data set",
    options: {
      limit: { kind: "value", value: "N", help: "Only N pictures, chosen by hash; none means all" },
      reductions: {
        kind: "value",
        value: "FILE",
        help: "Also draw all token reductions on some samples to this SVG file",
      },
    },
    async run({ arguments: args, signal }) {
      const limit = args.value("limit");
      if (limit !== undefined && !/^[1-9]\d*$/.test(limit)) {
        throw new UsageError(`--limit: seen "${limit}"; allowed: a whole number of at least 1`);
      }
      const summary = await parts.buildIcons({
        ...(limit === undefined ? {} : { limit: Number(limit) }),
        signal,
        onProgress: createProgressBar(),
      });
      const drawing = args.value("reductions");
      if (drawing === undefined) return { json: summary, text: summary.dir };
      await parts.drawReductions(summary.dir, drawing);
      return { json: { ...summary, reductions: drawing }, text: drawing };
    },
  };
}
