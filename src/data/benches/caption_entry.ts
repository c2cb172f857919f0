import type { BenchSource } from "./bench_source.ts";
import { type BenchFile, fileSource } from "./file_source.ts";

/** Pictures whose captions are finished together. */
const GROUP = 500;

/** Pictures with their captions as a source. */
export function captionSource(
  dir: string,
  files: readonly BenchFile<string[]>[],
): BenchSource<string[]> {
  return fileSource(dir, files, GROUP);
}

/** @throws {SyntaxError} when an entry of a JSON file is no object. */
export function asRecord(value: unknown, at: string, form: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  throw new SyntaxError(`${at}: seen ${JSON.stringify(value)}; allowed: ${form}`);
}

/** A name from a file never leads out of the pictures' folder. @throws {SyntaxError} when it would. */
export function fileName(value: unknown, at: string): string {
  if (typeof value === "string" && /^[^/\\\0]+$/.test(value) && value !== "." && value !== "..") {
    return value;
  }
  throw new SyntaxError(`${at}: seen ${JSON.stringify(value)}; allowed: the name of one file`);
}

/** A picture in a sub-folder that an entry names, else in the folder itself. */
export function placeOf(dir: string, folder: string | null, name: string): string {
  if (folder === null) return `${dir}/${name}`;
  const nested = `${dir}/${folder}/${name}`;
  try {
    Deno.statSync(nested);
    return nested;
  } catch {
    return `${dir}/${name}`;
  }
}
