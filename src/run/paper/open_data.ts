import { basename, dirname, resolve } from "node:path";
import type { BenchSource } from "../../data/benches/bench_source.ts";
import { captionFile } from "../../data/benches/caption_file.ts";
import { captionsOf } from "../../data/benches/captions_of.ts";
import {
  isClipBenchmarkFolder,
  readClipBenchmarkFolder,
} from "../../data/benches/clip_benchmark_folder.ts";
import { isObjectnetFolder, openObjectnetFolder } from "../../data/benches/objectnet_folder.ts";
import { listFolder } from "../../data/benches/picture_files.ts";
import { tarSource } from "../../data/benches/tar_source.ts";
import { findShards } from "../../data/shards/find_shards.ts";
import type { ShardSample } from "../../data/shards/read_tar.ts";
import { labelOf } from "../../data/shards/sample_parts.ts";
import { officialBench } from "../../eval/bench_names.ts";
import { ownPrompts, readClassList, readPromptFile } from "../../eval/prompts/prompt_lists.ts";
import { PROMPT_SETS, type PromptSet, promptSet } from "../../eval/prompts/prompt_set.ts";
import type { DataTask } from "./data_task.ts";
import { ImagenetClasses } from "./imagenet_classes.ts";
import { openPictureFolder } from "./picture_folder.ts";

/** A benchmark ready to be measured. */
export type OpenData =
  & {
    /** Name in the results. */
    readonly bench: string;
  }
  & (
    | {
      readonly kind: "classification";
      readonly source: BenchSource<number>;
      readonly classes: readonly string[];
      readonly prompts: PromptSet;
    }
    | { readonly kind: "retrieval"; readonly source: BenchSource<string[]> }
  );

/**
 * Finds out the layout of a benchmark's files and opens it: CLIP_benchmark's webdataset folder,
 * ObjectNet's archive, Karpathy's captions with a folder of pictures, a folder for each class, a flat
 * folder with labels, or tars.
 *
 * @throws {RangeError} and {SyntaxError} when files are missing, damaged or do not belong together.
 */
export function openData(task: DataTask): OpenData {
  const { data, split, captions } = task;
  const imagenet = new ImagenetClasses(task);
  const isFolder = isDirectory(data);
  const bench = task.bench ?? nameOf(data);
  if (!isFolder && !/[*?[{]/.test(data) && !exists(data)) {
    throw new RangeError(
      `--data: ${data} does not exist; allowed: a benchmark's folder, or a path or quoted glob of tars`,
    );
  }
  if (captions !== undefined) {
    if (!isFolder) throw noFolder(data);
    return { kind: "retrieval", bench, source: captionFile(data, captions, split) };
  }
  if (isFolder && isClipBenchmarkFolder(data, split)) return openClipBenchmark(task, imagenet);
  const inFolder = isFolder ? listFolder(data).files.filter((name) => name.endsWith(".tar")) : [];
  if (!isFolder || inFolder.length > 0) {
    const shards = isFolder
      ? inFolder.map((name) => `${data}/${name}`)
      : findShards(data, "--data");
    return openTars(task, bench, shards, imagenet);
  }
  const { source, classes } = isObjectnetFolder(data)
    ? openObjectnetFolder(data)
    : openPictureFolder(task, bench, imagenet);
  return { kind: "classification", bench, source, classes, prompts: promptsFor(task, imagenet) };
}

function openClipBenchmark(task: DataTask, imagenet: ImagenetClasses): OpenData {
  const folder = readClipBenchmarkFolder(task.data, task.split);
  const bench = task.bench ?? nameOf(task.data);
  if (folder.type === "retrieval") {
    return { kind: "retrieval", bench, source: tarSource(task.data, folder.shards, captionsOf) };
  }
  const classes = task.classes === undefined ? folder.classes : readClassList(task.classes);
  const own = folder.templates;
  return {
    kind: "classification",
    bench,
    ...labelledTars(task, bench, folder.shards, classes, imagenet),
    prompts: task.templates === undefined && own !== null
      ? ownSet("zeroshot_classification_templates.txt", own, imagenet)
      : promptsFor(task, imagenet),
  };
}

function openTars(
  task: DataTask,
  bench: string,
  shards: readonly string[],
  imagenet: ImagenetClasses,
): OpenData {
  if (task.retrieval || officialBench(bench)?.captions !== undefined) {
    return { kind: "retrieval", bench, source: tarSource(task.data, shards, captionsOf) };
  }
  const classes = task.classes === undefined ? null : readClassList(task.classes);
  return {
    kind: "classification",
    bench,
    ...labelledTars(task, bench, shards, classes, imagenet),
    prompts: promptsFor(task, imagenet),
  };
}

/** Tars with class indices, of all classes or of a subset of ImageNet's 1000. */
function labelledTars(
  { data }: DataTask,
  bench: string,
  shards: readonly string[],
  given: readonly string[] | null,
  imagenet: ImagenetClasses,
) {
  if (!imagenet.hasSubset) {
    const classes = given ?? imagenet.names(bench);
    const read = (sample: ShardSample) => labelOf(sample, classes.length);
    return { classes, source: tarSource(data, shards, read) };
  }
  if (given !== null && given.length !== 1000) {
    throw new RangeError(
      `--subset: seen with ${given.length} class names; allowed: with files of all 1000 of ImageNet`,
    );
  }
  const names = given ?? imagenet.facts().classes;
  const placeOf = imagenet.placeOf(bench);
  const read = (sample: ShardSample) => placeOf(labelOf(sample, 1000));
  return {
    classes: imagenet.labels(bench).map((label) => names[label]),
    source: tarSource(data, shards, read),
  };
}

function promptsFor({ templates }: DataTask, imagenet: ImagenetClasses): PromptSet {
  const name = templates ?? "openai-80";
  if (PROMPT_SETS.includes(name) || !/\.(?:json|txt)$/.test(name)) {
    return promptSet(name, () => imagenet.facts().templates);
  }
  return readPromptFile(name);
}

/** The folder's prompts; called by the known name where they are those of CLIP's authors. */
function ownSet(path: string, templates: readonly string[], imagenet: ImagenetClasses): PromptSet {
  const own = ownPrompts(path, templates);
  const known = imagenet.knownFacts()?.templates;
  const same = known?.length === own.templates.length &&
    known.every((template, i) => template === own.templates[i]);
  return same ? { ...own, name: "openai-80" } : own;
}

/** The last part of a path that names something, without the endings of tars and wildcards. */
function nameOf(path: string): string {
  const whole = resolve(path);
  const name = basename(whole).replace(/\.tar$/, "").replace(/[^A-Za-z0-9]*[{[*?].*$/, "");
  return name || basename(dirname(whole)) || "data";
}

function isDirectory(path: string): boolean {
  return exists(path) && Deno.statSync(path).isDirectory;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function noFolder(path: string): RangeError {
  return new RangeError(
    `--data: ${path} is no folder; allowed with --captions: that of the pictures`,
  );
}
