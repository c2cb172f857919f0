import type { Command, ParsedArguments } from "../command.ts";
import { MODEL_OPTIONS, type ModelRequest, readModelOptions } from "../model_options.ts";
import { checkFolder } from "../output_file.ts";
import { createProgressBar, type Progress } from "../progress_bar.ts";
import { UsageError } from "../usage_error.ts";

/** One find. */
export interface SearchHitRow {
  rank: number;
  name: string;
  family: string | null;
  score: number;
  file: string | null;
}

/** What is looked for, and how. */
export interface SearchRequest extends ModelRequest {
  query: { text: string } | { image: string };
  top: number;
  target: "pictures" | "text";
  signal: AbortSignal;
  onProgress(progress: Progress): void;
}

/** What the command asks of the rest of the project. */
export interface SearchParts {
  search(request: SearchRequest): Promise<{
    answer: { query: string; milliseconds: number; hits: readonly SearchHitRow[] };
    html(): string;
    text(): string;
  }>;
}

const DEFAULT_TOP = "10";

/** `deno task search`: pictures of the icon set by words or by a picture. */
export function searchCommand(parts: SearchParts): Command {
  return {
    name: "search",
    summary: "Search all pictures of the icon set by words or by a picture",
    positional: { name: "query", many: true, help: "Words, for example a boat on water" },
    options: {
      ...MODEL_OPTIONS,
      top: { kind: "value", value: "K", default: DEFAULT_TOP, help: "Finds to show" },
      image: { kind: "value", value: "FILE", help: "Look for this picture instead of words" },
      to: {
        kind: "value",
        value: "KIND",
        default: "pictures",
        help: "What to find: pictures, or text for the names that the data set uses",
      },
      html: { kind: "value", value: "FILE", help: "Also write the finds as one HTML page" },
    },
    async run({ arguments: args, env, signal }) {
      const html = args.value("html");
      const request = {
        ...readModelOptions(args, env),
        query: readQuery(args),
        top: readTop(args.value("top") ?? DEFAULT_TOP),
        target: readTarget(args.value("to")),
        signal,
        onProgress: createProgressBar(),
      };
      if (html !== undefined) checkFolder("--html", html);
      const found = await parts.search(request);
      if (html !== undefined) {
        await writePage(html, found.html());
        console.error(`search  wrote ${html}`);
      }
      return { json: { ...found.answer }, text: found.text() };
    },
  };
}

function readQuery(args: ParsedArguments): { text: string } | { image: string } {
  const image = args.value("image"), text = args.positionals.join(" ");
  if (image !== undefined) {
    if (text === "") return { image };
    throw new UsageError(`both --image and the words "${text}" given; give one of them`);
  }
  if (/[^\s\p{Cc}\p{Cf}\p{Z}]/u.test(text)) return { text };
  throw new UsageError(
    `seen ${JSON.stringify(text)}; give words with a visible character, for example ` +
      `deno task search "a boat on water", or a picture with --image FILE`,
  );
}

function readTop(text: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new UsageError(`--top: seen "${text}"; allowed: a whole number of at least 1`);
}

function readTarget(text: string | undefined): "pictures" | "text" {
  if (text === "pictures" || text === "text") return text;
  throw new UsageError(`--to: seen "${text}"; allowed: pictures, text`);
}

/** Whole or not at all. */
async function writePage(path: string, page: string): Promise<void> {
  const temporary = `${path}.${Deno.pid}.part`;
  try {
    await Deno.writeTextFile(temporary, page);
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}
