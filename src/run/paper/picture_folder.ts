import type { BenchSource } from "../../data/benches/bench_source.ts";
import { classFolders } from "../../data/benches/class_folders.ts";
import { ilsvrcList, isIlsvrcList } from "../../data/benches/ilsvrc_list.ts";
import { labelledFiles } from "../../data/benches/labelled_files.ts";
import { listFolder } from "../../data/benches/picture_files.ts";
import { readClassList } from "../../eval/prompts/prompt_lists.ts";
import type { DataTask } from "./data_task.ts";
import type { ImagenetClasses } from "./imagenet_classes.ts";

/** Pictures of a folder with their classes. */
export interface PictureFolder {
  readonly source: BenchSource<number>;
  readonly classes: readonly string[];
}

const WNID = /^n\d{8}$/;
const NUMBER = /^\d{1,6}$/;

/**
 * Opens pictures in a folder for each class, or in one folder with a file of labels.
 *
 * Folders are named by WordNet ids, by class index, or by class name. With a file of class names and
 * folders of other names, the folders stand for the classes in name order, as in `ImageFolder`.
 *
 * @throws {RangeError} when a folder or label is no class.
 */
export function openPictureFolder(
  task: DataTask,
  bench: string,
  imagenet: ImagenetClasses,
): PictureFolder {
  const { data, labels, classes: file } = task;
  const given = file === undefined ? null : readClassList(file);
  if (labels !== undefined) {
    const classes = given ?? imagenet.names(bench);
    const rules = imagenet.hasSubset && given === null
      ? {
        classes: 1000,
        indexOf: (wnid: string) => labelOfWnid(imagenet, wnid),
        placeOf: imagenet.placeOf(bench),
      }
      : { classes: classes.length, indexOf: wnidIndex(given, bench, imagenet) };
    const open = isIlsvrcList(labels) ? ilsvrcList : labelledFiles;
    return { classes, source: open(data, labels, rules) };
  }
  const { folders, files } = listFolder(data);
  if (folders.length === 0) {
    throw new RangeError(
      `${data}: seen ${files.length} files and no folder; allowed: a folder for each class, a flat folder ` +
        "with --labels FILE or --captions FILE, CLIP_benchmark's layout, or *.tar",
    );
  }
  if (given !== null) return { classes: given, source: givenFolders(data, given, folders) };
  if (folders.every((name) => WNID.test(name))) {
    const { wnids, classes } = imagenet.facts();
    const own = imagenet.labels(bench);
    const indices = new Map(own.map((label, i) => [wnids[label], i]));
    const all = new Set(wnids);
    const source = classFolders(data, {
      // Pictures of ImageNet's other classes take no part in a subset.
      indexOf: (name) => indices.get(name) ?? (all.has(name) ? null : undefined),
      allowed: "WordNet ids of ImageNet's 1000 classes, such as n01440764",
    });
    return { classes: own.map((label) => classes[label]), source };
  }
  if (folders.every((name) => NUMBER.test(name))) {
    const classes = imagenet.names(bench);
    return { classes, source: numberedFolders(data, classes.length) };
  }
  const indices = new Map(folders.map((name, i) => [name, i]));
  return {
    classes: folders.map((name) => name.replaceAll("_", " ")),
    source: classFolders(data, { indexOf: (name) => indices.get(name), allowed: "any name" }),
  };
}

function givenFolders(data: string, classes: readonly string[], folders: readonly string[]) {
  const named = new Map(classes.map((name, i) => [name, i]));
  const plain = (name: string) => name.replaceAll("_", " ");
  if (folders.every((name) => named.has(name) || named.has(plain(name)))) {
    const indexOf = (name: string) => named.get(name) ?? named.get(plain(name));
    return classFolders(data, { indexOf, allowed: "the names of --classes" });
  }
  if (folders.every((name) => NUMBER.test(name))) return numberedFolders(data, classes.length);
  if (folders.length !== classes.length) {
    const stray = folders.find((name) => !named.has(name) && !named.has(plain(name)));
    throw new RangeError(
      `${data}: ${folders.length} folders, --classes has ${classes.length} names and none for ${stray}; ` +
        "allowed: folders named by class or index, or as many as classes, in name order",
    );
  }
  const indices = new Map(folders.map((name, i) => [name, i]));
  return classFolders(data, {
    indexOf: (name) => indices.get(name),
    allowed: "one for each class",
  });
}

function numberedFolders(data: string, classes: number) {
  return classFolders(data, {
    indexOf: (name) => NUMBER.test(name) && Number(name) < classes ? Number(name) : undefined,
    allowed: `0 to ${classes - 1}`,
  });
}

/** How a labels file's WordNet ids become indices; a list of one's own has none. */
function wnidIndex(given: readonly string[] | null, bench: string, imagenet: ImagenetClasses) {
  let indices: Map<string, number> | undefined;
  return (wnid: string) => {
    if (!WNID.test(wnid)) return given === null ? undefined : indexOrNone(given, wnid);
    indices ??= new Map(
      imagenet.labels(bench).map((label, i) => [imagenet.facts().wnids[label], i]),
    );
    return indices.get(wnid);
  };
}

function labelOfWnid(imagenet: ImagenetClasses, wnid: string): number | undefined {
  return indexOrNone(imagenet.facts().wnids, wnid);
}

function indexOrNone(names: readonly string[], name: string): number | undefined {
  const index = names.indexOf(name);
  return index < 0 ? undefined : index;
}
