import { join } from "node:path";
import type { IconBuildManifest } from "./build_manifest.ts";

/** A built icon data set. */
export interface IconSet {
  /** Its folder. */
  dir: string;
  /** Record files of the splits; open them with `openRecords`. */
  train: string;
  val: string;
  test: string;
  /** Benchmark files by name. */
  benches: Record<string, string>;
  build: IconBuildManifest;
}

/**
 * Open a built icon data set.
 *
 * @throws {Error} when the folder has no finished build, or a file of it is missing or too short.
 *
 * @example
 * ```ts ignore
 * const icons = openIconSet(dir);
 * const test = openRecords(icons.test);
 * ```
 */
export function openIconSet(dir: string): IconSet {
  const again = `run "deno task data" to build it`;
  const path = join(dir, "build.json");
  let build: IconBuildManifest;
  try {
    build = JSON.parse(Deno.readTextFileSync(path));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new Error(`${dir} holds no finished icon set (no build.json); ${again}`, { cause });
    }
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new SyntaxError(`${path} is damaged: ${cause.message}; delete it and ${again}`, {
      cause,
    });
  }
  for (const file of build.files) {
    const size = sizeOf(join(dir, file.path));
    if (size !== file.bytes) {
      const seen = size === undefined ? "missing" : `${size} bytes`;
      throw new Error(
        `${
          join(dir, file.path)
        }: ${seen}; ${file.bytes} bytes expected; delete ${dir} and ${again}`,
      );
    }
  }
  return {
    dir,
    train: join(dir, "baked/train-64.bin"),
    val: join(dir, "baked/val-64.bin"),
    test: join(dir, "baked/test-64.bin"),
    benches: Object.fromEntries(
      Object.keys(build.benches).map((name) => [name, join(dir, "bench", `${name}.json`)]),
    ),
    build,
  };
}

function sizeOf(path: string): number | undefined {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
