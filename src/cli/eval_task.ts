import type { OptionSpec, ParsedArguments } from "./command.ts";
import { UsageError } from "./usage_error.ts";

/** How pictures become square; the names are those of the data room. */
export const FIT_NAMES = [
  "squash",
  "crop",
  "resize-crop",
  "resize-crop-0.875",
  "resize-crop-0.75",
] as const;

/** One of {@linkcode FIT_NAMES}. */
export type FitName = typeof FIT_NAMES[number];

/** What is measured. */
export type EvalTask =
  /** Benchmarks of the data set by name; none means those of the run's recipe. */
  | { kind: "benches"; names: string[] }
  /** Linear probes; none means on icons-592. */
  | { kind: "probe"; names: string[]; shots: number | null }
  /** Shards of the user's own; without prompts, retrieval. */
  | {
    kind: "shards";
    shards: string;
    bench?: string;
    fit: "squash" | "crop";
    prompts: { classes: string; templates: string } | null;
  }
  | EvalDataTask;

/** Files of a published benchmark, or of one's own in the same layout. */
export interface EvalDataTask {
  kind: "data";
  data: string;
  bench?: string;
  split: string;
  retrieval: boolean;
  labels?: string;
  captions?: string;
  classes?: string;
  subset?: string;
  templates?: string;
  fit: FitName;
  filter?: "bilinear" | "bicubic";
  expected?: string;
  fresh: boolean;
}

/** Options that say what is measured. */
export const TASK_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  bench: {
    kind: "values",
    value: "NAME",
    help: "Benchmark, or shift-* for all that begin so; none means those of the run's recipe, " +
      "for a model icons-592; " +
      "with --shards and --data the name of the results",
  },
  shards: { kind: "value", value: "GLOB", help: "Webdataset tars of your own, quoted" },
  data: {
    kind: "value",
    value: "PATH",
    help:
      "Files of ImageNet, a variant, COCO, Flickr30k or your own: CLIP_benchmark's folder, a folder " +
      "with one for each class, a flat one with --labels or --captions, ObjectNet's, or tars",
  },
  split: {
    kind: "value",
    value: "NAME",
    default: "test",
    help: "With --data: split of CLIP_benchmark's folder or of --captions",
  },
  labels: {
    kind: "value",
    value: "FILE",
    help:
      "With --data: a picture's name and its class (WordNet id, or index from 0) on each line; or " +
      "ILSVRC2012_validation_ground_truth.txt, with the development kit's meta.mat beside it",
  },
  captions: {
    kind: "value",
    value: "FILE",
    help:
      "With --data: Karpathy's JSON such as dataset_coco.json, COCO's annotations, or lines of " +
      "picture,caption",
  },
  subset: {
    kind: "value",
    value: "NAME",
    help:
      "With --data that has ImageNet's 1000 classes: only the 200 of imagenet-a, imagenet-r or " +
      "imagenet-o; others are left out",
  },
  classes: {
    kind: "value",
    value: "FILE",
    help: "With --shards or --data: JSON list of class names; for --data also a .txt, one a line",
  },
  templates: {
    kind: "value",
    value: "FILE",
    help:
      "With --classes: JSON list of prompts with one {} each; with --data also a .txt, or a name: " +
      "openai-80, openai-7, clipa-81, name-only; none means those of the folder, else openai-80",
  },
  retrieval: {
    kind: "flag",
    help: "With --shards or tars of --data: retrieval of the captions in key.txt",
  },
  probe: {
    kind: "flag",
    help: "Linear probe on frozen embeddings instead of zero-shot, on --bench, else icons-592",
  },
  shots: {
    kind: "value",
    value: "K",
    help: "With --probe: at most K training pictures of each class; none means all",
  },
  fit: {
    kind: "value",
    default: "squash",
    help:
      "How pictures become square: squash or crop with --shards; with --data also resize-crop " +
      "(short side to size, middle cut out), resize-crop-0.875, resize-crop-0.75",
  },
  filter: {
    kind: "value",
    value: "NAME",
    help: "With --data: bilinear or bicubic; none means the model's",
  },
  expected: {
    kind: "value",
    value: "MODEL",
    help: "With --data: put the published number of this released model beside ours, for example " +
      "ViT-L-14-CLIPA:datacomp1b",
  },
  fresh: {
    kind: "flag",
    help: "With --data: compute all anew instead of going on where a stopped evaluation was",
  },
};

/** Options that only `--data` has. */
const DATA_ONLY = ["labels", "captions", "subset", "filter", "expected"];

/** Reads {@linkcode TASK_OPTIONS}. @throws {UsageError} for options that do not go together. */
export function readEvalTask(args: ParsedArguments): EvalTask {
  const shots = args.value("shots"), probe = args.flag("probe");
  if (shots !== undefined && !(probe && /^[1-9]\d{0,8}$/.test(shots))) {
    throw new UsageError(`--shots: seen "${shots}"; allowed: a whole number from 1, with --probe`);
  }
  const data = args.value("data");
  if (data !== undefined) return dataTask(args, data);
  const stray = DATA_ONLY.find((name) => args.value(name) !== undefined) ??
    (args.flag("fresh") ? "fresh" : null);
  if (stray !== null) throw new UsageError(`--${stray}: seen without --data; allowed: with --data`);
  const shards = args.value("shards");
  if (shards !== undefined) return shardsTask(args, shards);
  const lone = args.flag("retrieval")
    ? "retrieval"
    : ["classes", "templates"].find((name) => args.value(name));
  if (lone !== undefined) {
    throw new UsageError(`--${lone}: no shards; add --shards 'path/*.tar', quoted`);
  }
  readFit(args, ["squash", "crop"]);
  const names = args.values("bench");
  if (!probe) return { kind: "benches", names };
  return { kind: "probe", names, shots: shots === undefined ? null : Number(shots) };
}

function dataTask(args: ParsedArguments, data: string): EvalDataTask {
  for (const name of ["shards", "sheet"]) {
    if (args.value(name) !== undefined) {
      throw new UsageError(`--data: seen with --${name}; allowed: one of both`);
    }
  }
  if (args.flag("probe")) {
    throw new UsageError("--probe: seen with --data; allowed: benchmarks of the data set");
  }
  const filter = args.value("filter");
  if (filter !== undefined && filter !== "bilinear" && filter !== "bicubic") {
    throw new UsageError(`--filter: seen "${filter}"; allowed: bilinear, bicubic`);
  }
  const [labels, captions, subset, classes, templates, expected] = [
    "labels",
    "captions",
    "subset",
    "classes",
    "templates",
    "expected",
  ].map(args.value);
  if (labels !== undefined && captions !== undefined) {
    throw new UsageError("--labels: seen with --captions; allowed: one of both");
  }
  return {
    kind: "data",
    data,
    bench: oneBench(args),
    split: args.value("split")!,
    retrieval: args.flag("retrieval"),
    labels,
    captions,
    classes,
    subset,
    templates,
    fit: readFit(args, FIT_NAMES),
    filter,
    expected,
    fresh: args.flag("fresh"),
  };
}

function shardsTask(args: ParsedArguments, shards: string): EvalTask {
  if (args.flag("probe")) {
    throw new UsageError("--probe: seen with --shards; allowed: benchmarks of the data set");
  }
  const bench = oneBench(args);
  if (args.value("sheet") !== undefined) {
    throw new UsageError("--sheet: seen with --shards; allowed: benchmarks of the data set");
  }
  const fit = readFit(args, ["squash", "crop"] as const);
  const common = { kind: "shards" as const, shards, bench, fit };
  const [classes, templates] = ["classes", "templates"].map(args.value);
  if (args.flag("retrieval")) {
    if (classes !== undefined || templates !== undefined) {
      throw new UsageError("--retrieval: seen with --classes or --templates; allowed: one of both");
    }
    return { ...common, prompts: null };
  }
  if (classes === undefined || templates === undefined) {
    throw new UsageError(
      "--shards: what shall be measured? Add --classes FILE and --templates FILE for zero-shot " +
        "classification, or --retrieval; for ImageNet and other published benchmarks give --data instead",
    );
  }
  return { ...common, prompts: { classes, templates } };
}

function oneBench(args: ParsedArguments): string | undefined {
  const benches = args.values("bench");
  if (benches.length <= 1) return benches[0];
  const option = args.value("data") === undefined ? "--shards" : "--data";
  throw new UsageError(`--bench: seen ${benches.length} names; allowed with ${option}: one`);
}

function readFit<Name extends string>(args: ParsedArguments, allowed: readonly Name[]): Name {
  const fit = args.value("fit");
  const found = allowed.find((name) => name === fit);
  if (found !== undefined) return found;
  throw new UsageError(`--fit: seen "${fit}"; allowed: ${allowed.join(" or ")}`);
}
