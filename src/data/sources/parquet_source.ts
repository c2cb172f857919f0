import { dirname, resolve } from "node:path";
import { chooseColumn } from "./choose_column.ts";
import type { ParquetAnswer, ParquetQuestion } from "./parquet_worker.ts";
import { type BrokenItem, type SourceItem, tidyCaption } from "./source_item.ts";
import type { TableColumns } from "./table_source.ts";

/**
 * The pairs of a Parquet file. The picture is a column of bytes, of `{bytes, path}` as Hugging Face's
 * data sets have it, or of file names relative to the file's folder; a few hundred rows are in memory at
 * a time.
 *
 * @param seconds Longest time for a few hundred rows; a damaged file can ask for any.
 * @throws {SyntaxError} when it is no Parquet file, is damaged or lacks a column; names the file.
 *
 * ```ts ignore
 * for await (const item of parquetItems("train-00000.parquet")) console.log(item.at);
 * ```
 */
export async function* parquetItems(
  path: string,
  columns: TableColumns = {},
  seconds = 60,
): AsyncGenerator<SourceItem | BrokenItem> {
  using reader = new ParquetReader(seconds);
  yield* reader.items(path, columns);
}

/** Between two looks at the memory. */
const WATCH_MS = 20;

/** Reads Parquet files one after the other in a worker, which can be ended. */
export class ParquetReader implements Disposable {
  readonly #seconds: number;
  readonly #bytes: number;
  #worker: Worker | undefined;

  /**
   * @param seconds Longest time for a few hundred rows; a damaged file can ask for any.
   * @param bytes Most memory by which the process may grow meanwhile; a damaged file can ask for any.
   */
  constructor(seconds = 60, bytes = 3 * 2 ** 30) {
    this.#seconds = seconds;
    this.#bytes = bytes;
  }

  /** As {@linkcode parquetItems}; one file at a time. */
  async *items(
    path: string,
    columns: TableColumns = {},
  ): AsyncGenerator<SourceItem | BrokenItem> {
    // A missing or forbidden file is an error of its own, here and not in the worker.
    Deno.openSync(path).close();
    const { names } = await this.#ask(path, { names: path }) as { names: string[] };
    const image = chooseColumn(path, names, "image", columns.image);
    const caption = chooseColumn(path, names, "caption", columns.caption);
    let count = 0;
    while (true) {
      const question = { columns: [image, caption] };
      const { rows } = await this.#ask(path, question) as { rows: unknown[][] | null };
      if (rows === null) break;
      for (const [picture, words] of rows) {
        yield itemOf(`${path}, row ${count++}`, dirname(path), picture, words);
      }
    }
    if (count === 0) throw new SyntaxError(`${path}: no row; allowed: one pair a row`);
  }

  /** Ends the worker. */
  [Symbol.dispose](): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  async #ask(path: string, question: ParquetQuestion): Promise<ParquetAnswer> {
    this.#worker ??= new Worker(new URL("./parquet_worker.ts", import.meta.url), {
      type: "module",
    });
    const worker = this.#worker;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let watch: ReturnType<typeof setInterval> | undefined;
    const answer = await new Promise<ParquetAnswer>((resolve) => {
      // It may compute for ever, or be gone: the next question goes to another.
      const failed = (message: string) => {
        this[Symbol.dispose]();
        resolve({ kind: "failed", message });
      };
      const seconds = this.#seconds;
      timer = setTimeout(() => failed(`no answer within ${seconds} s`), seconds * 1000);
      const most = Deno.memoryUsage().rss + this.#bytes;
      watch = setInterval(() => {
        if (Deno.memoryUsage().rss <= most) return;
        failed(`more than ${Math.round(this.#bytes / 2 ** 20)} MiB for a few hundred rows`);
      }, WATCH_MS);
      worker.onmessage = ({ data }: MessageEvent<ParquetAnswer>) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        failed(`the reader ended: ${event.message}`);
      };
      worker.postMessage(question);
    });
    clearTimeout(timer);
    clearInterval(watch);
    if (answer.kind !== "failed") return answer;
    throw new SyntaxError(
      `${path} cannot be read as Parquet (seen: ${answer.message}); allowed: a whole Parquet file with ` +
        "columns of pictures and captions; copy or download it again",
    );
  }
}

function itemOf(
  at: string,
  folder: string,
  image: unknown,
  words: unknown,
): SourceItem | BrokenItem {
  const caption = textOf(words);
  if (caption === null) return { at, problem: "no text: the caption is no UTF-8 text" };
  const { bytes, path } = pictureOf(image);
  if (bytes instanceof Uint8Array) return { at, bytes, path: at, caption: tidyCaption(caption) };
  if (typeof path !== "string" || path.trim() === "") {
    return { at, problem: "no picture: neither bytes nor a file name" };
  }
  if (/^[a-z][a-z0-9+]+:\/\//i.test(path)) {
    return { at, problem: `no local file: ${path.slice(0, 80)}; download the pictures first` };
  }
  return { at, path: resolve(folder, path.trim()), caption: tidyCaption(caption) };
}

function pictureOf(image: unknown): { bytes?: unknown; path?: unknown } {
  if (image instanceof Uint8Array) return { bytes: image };
  return typeof image === "object" && image !== null ? image : { path: image };
}

function textOf(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (!(value instanceof Uint8Array)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(value);
  } catch {
    return null;
  }
}
