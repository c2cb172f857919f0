import { writeWhole } from "../checkpoint/safetensors.ts";

/** A line of `metrics.jsonl`. */
export type MetricsLine = Readonly<Record<string, number | string | boolean>>;

/** Appends lines to a JSON-lines file; each line is written at once. */
export class MetricsLog implements Disposable {
  readonly #path: string;
  #file: Deno.FsFile;

  /**
   * @param keep When the file exists, lines for which this is true stay; those behind, and a torn
   *   last line, go. A run that goes on keeps the lines up to its checkpoint.
   */
  constructor(path: string, keep: (line: MetricsLine) => boolean) {
    this.#path = path;
    this.#file = openFiltered(path, keep);
  }

  /** Takes back lines for which `keep` is false, as if they had not been written. */
  rewind(keep: (line: MetricsLine) => boolean): void {
    this.#file.close();
    this.#file = openFiltered(this.#path, keep);
  }

  /** Writes one line. */
  write(line: MetricsLine): void {
    const bytes = new TextEncoder().encode(JSON.stringify(line) + "\n");
    for (let at = 0; at < bytes.length;) at += this.#file.writeSync(bytes.subarray(at));
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

// The file is replaced in one step: a kill leaves the old lines or the new ones.
function openFiltered(path: string, keep: (line: MetricsLine) => boolean): Deno.FsFile {
  const kept = readMetrics(path).filter(keep);
  const text = kept.map((line) => JSON.stringify(line) + "\n").join("");
  writeWhole(path, [new TextEncoder().encode(text)]);
  return Deno.openSync(path, { append: true });
}

/** Reads the lines of a metrics file; a torn last line is left out, a missing file has none. */
export function readMetrics(path: string): MetricsLine[] {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  const lines = text.split("\n");
  return lines.flatMap((line, i) => {
    if (line === "") return [];
    try {
      return [JSON.parse(line) as MetricsLine];
    } catch (cause) {
      if (i === lines.length - 1) return [];
      throw new SyntaxError(`${path} line ${i + 1} is not JSON; remove the line`, { cause });
    }
  });
}
