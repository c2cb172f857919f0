import { createHash } from "node:crypto";
import type { BenchPart, BenchSource } from "./bench_source.ts";

/** A picture file and what belongs to it. */
export interface BenchFile<Part> {
  /** Its name in reports, relative to the benchmark's folder. */
  readonly key: string;
  readonly path: string;
  readonly part: Part;
}

/** Files that are finished together. */
const GROUP = 1000;

/** Picture files as a source, in the order given. */
export function fileSource<Part>(
  name: string,
  files: readonly BenchFile<Part>[],
  group = GROUP,
): BenchSource<Part> {
  const parts: BenchPart<Part>[] = [];
  for (let first = 0; first < files.length; first += group) {
    const own = files.slice(first, first + group);
    parts.push({
      name: `files ${first} to ${first + own.length - 1}`,
      stamp: () => stampOf(own),
      count: () => own.length,
      pictures: () =>
        own.map(({ key, path, part }) => ({ key, part, bytes: () => Deno.readFile(path) })),
    });
  }
  return { name, parts };
}

function stampOf<Part>(files: readonly BenchFile<Part>[]): string {
  const hash = createHash("sha256");
  for (const { key, path, part } of files) {
    hash.update(JSON.stringify([key, part, fileStamp(path)]));
  }
  return hash.digest("hex");
}

/** Length and time of a file; a missing one has neither. */
export function fileStamp(path: string): string {
  try {
    const { size, mtime } = Deno.statSync(path);
    return `${size} ${mtime?.getTime()}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "missing";
    throw error;
  }
}
