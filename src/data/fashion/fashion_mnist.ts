import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { lockFile } from "../icons/lock_file.ts";
import { writeWhole } from "../icons/write_whole.ts";
import { createRecordWriter } from "../records/record_writer.ts";
import { openRecords } from "../records/records.ts";
import type { RunProgram } from "../run_program.ts";
import { type DebianPackage, unpackDebianPackage } from "./debian_package.ts";
import { type IdxArray, parseIdx } from "./idx_file.ts";

/** Name of the benchmark. */
export const FASHION_MNIST = "fashion-mnist";

/** The package with the files of Xiao, Rasul and Vollgraf, 2017 (MIT licence). */
export const FASHION_PACKAGE: DebianPackage = {
  name: "dataset-fashion-mnist",
  version: "0.0~git20200523.55506a9-1",
  sha256: "39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0",
};

/** Class names in the order of the labels, as words of a sentence. */
const CLASSES = [
  "t-shirt",
  "trouser",
  "pullover",
  "dress",
  "coat",
  "sandal",
  "shirt",
  "sneaker",
  "bag",
  "ankle boot",
];

/** Prompts for product pictures, written for the project. */
const TEMPLATES = [
  "{}",
  "a {}",
  "a picture of a {}",
  "a photo of a {}",
  "a product photo of a {}",
  "a black and white photo of a {}",
  "a small grey photo of a {}",
  "clothing: a {}",
];

/** Files of the package, and how many pictures each part has. */
const FILES = "usr/share/datasets/fashion-mnist";
const PARTS = { train: ["train", 60_000], test: ["t10k", 10_000] } as const;
/** Largest file unpacked; the training pictures are 47 MB. */
const MAX_BYTES = 64 << 20;
const SIDE = 28;
const VERSION = 1;

/** The data set, with the fields that an evaluation asks for. */
export interface FashionMnist {
  readonly dir: string;
  /** Record files: 60,000 pictures to train a probe on, none for validation, 10,000 to test. */
  readonly train: string;
  readonly val: string;
  readonly test: string;
  /** Benchmark files by name. */
  readonly benches: Readonly<Record<string, string>>;
}

/** Options of {@linkcode buildFashionMnist}. */
export interface FashionOptions {
  /** Folder that holds data sets, each in a folder of its own. */
  readonly cacheDir: string;
  /** The package's file, where it was fetched by hand. */
  readonly deb?: string;
  readonly signal?: AbortSignal;
  /** Runs apt-get and dpkg-deb; a parameter, so that tests need neither. */
  readonly run?: RunProgram;
  /** Package to take; tests give one of their own. */
  readonly wanted?: DebianPackage;
  /** Pictures of each part; tests have fewer. */
  readonly counts?: { readonly train: number; readonly test: number };
}

/**
 * Build Fashion-MNIST from its pinned Debian package, or open it when it is there: grey product
 * photographs of 28 × 28 pixels, light on black as published, far from everything that icons are. It is
 * no part of the default set-up.
 *
 * @throws {Error} when the package cannot be fetched or is another one.
 * @throws {SyntaxError} when a file of it is damaged.
 */
export async function buildFashionMnist(options: FashionOptions): Promise<FashionMnist> {
  const { cacheDir, deb, signal, run, wanted = FASHION_PACKAGE } = options;
  const counts = options.counts ?? { train: PARTS.train[1], test: PARTS.test[1] };
  const dir = folderOf(cacheDir, wanted);
  const built = openAt(dir);
  if (built) return built;
  await Deno.mkdir(dir, { recursive: true });
  // A second process that builds the same set waits for the first, then finds it finished.
  using _lock = await lockFile(join(dir, "lock"), signal);
  const found = openAt(dir);
  if (found) return found;
  const unpacked = await Deno.makeTempDir({ prefix: "clipa-fashion-" });
  try {
    await unpackDebianPackage(wanted, unpacked, { deb, run });
    signal?.throwIfAborted();
    for (const part of ["train", "test"] as const) {
      const { pictures, labels } = readPart(unpacked, part, counts[part]);
      writeRecords(dir, part, pictures, labels);
      if (part === "test") writeBench(dir, labels);
    }
    writeRecords(dir, "val", new Uint8Array(), new Uint8Array());
  } finally {
    await Deno.remove(unpacked, { recursive: true });
  }
  // Written last: it says that the files are whole.
  writeWhole(join(dir, "build.json"), `${JSON.stringify({ builder: VERSION, ...wanted })}\n`);
  return openAt(dir)!;
}

/**
 * Open Fashion-MNIST where it was built.
 *
 * @throws {Error} says how to build it when it was not.
 */
export function openFashionMnist(cacheDir: string): FashionMnist {
  const found = openAt(folderOf(cacheDir, FASHION_PACKAGE));
  if (found) return found;
  throw new Error(
    `${FASHION_MNIST} is not built yet; run "deno task data fashion-mnist" (31 MB from Debian)`,
  );
}

function folderOf(cacheDir: string, { sha256 }: DebianPackage): string {
  return join(cacheDir, `${FASHION_MNIST}-v${VERSION}-${sha256.slice(0, 10)}`);
}

function pathOf(dir: string, part: string): string {
  return join(dir, `${part}-${SIDE}.bin`);
}

function openAt(dir: string): FashionMnist | undefined {
  const [train, val, test] = ["train", "val", "test"].map((part) => pathOf(dir, part));
  try {
    Deno.statSync(join(dir, "build.json"));
    for (const path of [train, val, test]) openRecords(path);
  } catch {
    // Missing or damaged: it is built again.
    return undefined;
  }
  return {
    dir,
    train,
    val,
    test,
    benches: { [FASHION_MNIST]: join(dir, `${FASHION_MNIST}.json`) },
  };
}

function readPart(root: string, part: keyof typeof PARTS, count: number) {
  const [prefix] = PARTS[part];
  const pictures = readIdx(`${root}/${FILES}/${prefix}-images-idx3-ubyte.gz`, [count, SIDE, SIDE]);
  const path = `${root}/${FILES}/${prefix}-labels-idx1-ubyte.gz`;
  const labels = readIdx(path, [count]);
  const wrong = labels.values.findIndex((label) => label >= CLASSES.length);
  if (wrong >= 0) {
    throw new SyntaxError(
      `${path}: label ${labels.values[wrong]} at place ${wrong}; allowed: 0 to ${
        CLASSES.length - 1
      }`,
    );
  }
  return { pictures: pictures.values, labels: labels.values };
}

function readIdx(path: string, shape: readonly number[]): IdxArray {
  let bytes: Uint8Array;
  try {
    bytes = gunzipSync(Deno.readFileSync(path), { maxOutputLength: MAX_BYTES });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SyntaxError(`${path}: ${reason}; allowed: a whole gzip file of the package`, {
      cause,
    });
  }
  const array = parseIdx(bytes, path);
  if (String(array.shape) === String(shape)) return array;
  throw new SyntaxError(`${path}: seen [${array.shape}]; allowed: [${shape}]`);
}

function writeRecords(dir: string, part: string, pictures: Uint8Array, labels: Uint8Array): void {
  const lists = { families: [FASHION_MNIST], sets: [FASHION_MNIST] };
  using writer = createRecordWriter(pathOf(dir, part), { side: SIDE, ...lists });
  labels.forEach((label, i) => {
    const phrase = CLASSES[label];
    writer.add({
      key: `${part}:${i}`,
      set: FASHION_MNIST,
      family: FASHION_MNIST,
      phrase,
      pixels: pictures.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE),
      captions: [{ level: 1, text: phrase }],
    });
  });
  writer.close();
}

function writeBench(dir: string, labels: Uint8Array): void {
  const bench = {
    name: FASHION_MNIST,
    kind: "classification",
    about: "grey product photographs: a far shift",
    split: "test",
    classes: CLASSES,
    templates: TEMPLATES,
    rows: Array.from(labels, (_, i) => i),
    labels: [...labels],
  };
  writeWhole(join(dir, `${FASHION_MNIST}.json`), `${JSON.stringify(bench)}\n`);
}
