import { officialKey } from "../../eval/bench_names.ts";
import type { ImagenetFacts, ImagenetPart } from "../../eval/imagenet/imagenet_facts.ts";
import { openImagenetFacts } from "../../eval/imagenet/open_facts.ts";
import type { DataTask } from "./data_task.ts";

/** Parts of ImageNet's classes by the key of the benchmark that has them. */
const PARTS: Readonly<Record<string, ImagenetPart>> = {
  imageneta: "imagenet-a",
  imagenetr: "imagenet-r",
  imageneto: "imagenet-o",
};

/** Benchmarks that have all 1000. */
const WHOLE = ["imagenet1k", "imagenetv2", "imagenetsketch"];

/** ImageNet's classes as a benchmark has them: all, or a part. The facts are read when they are needed. */
export class ImagenetClasses {
  readonly #open: () => ImagenetFacts;
  readonly #subset: ImagenetPart | null;
  #facts: ImagenetFacts | undefined;

  /** @throws {RangeError} for a subset that is none. */
  constructor({ cacheDir, subset, facts }: Pick<DataTask, "cacheDir" | "subset" | "facts">) {
    this.#open = () => openImagenetFacts(cacheDir, facts);
    this.#subset = subset === undefined ? null : partOf(subset);
    if (subset !== undefined && this.#subset === null) {
      throw new RangeError(
        `--subset: seen "${subset}"; allowed: ${Object.values(PARTS).join(", ")}`,
      );
    }
  }

  /** @throws {Error} says how to build them when they are not there. */
  facts(): ImagenetFacts {
    return this.#facts ??= this.#open();
  }

  /** The facts, or null where they were not built. */
  knownFacts(): ImagenetFacts | null {
    try {
      return this.facts();
    } catch {
      return null;
    }
  }

  /** Whether files with all 1000 classes are measured on a part of them. */
  get hasSubset(): boolean {
    return this.#subset !== null;
  }

  /** Place of a label of the 1000 among a benchmark's classes; null for one that is not among them. */
  placeOf(bench: string): (label: number) => number | null {
    const places = new Map(this.labels(bench).map((label, i) => [label, i]));
    return (label) => places.get(label) ?? null;
  }

  /** Labels of a benchmark's classes, rising; of all classes for one that is no known part. */
  labels(bench: string): readonly number[] {
    const part = this.#subset ?? partOf(bench);
    return part === null ? this.facts().wnids.map((_, i) => i) : this.facts().parts[part];
  }

  /**
   * Class names of a benchmark in the order of its labels.
   *
   * @throws {RangeError} when it is no variant of ImageNet: its names have to be given.
   */
  names(bench: string): string[] {
    const key = officialKey(bench);
    if (this.#subset === null && !(key !== undefined && (WHOLE.includes(key) || key in PARTS))) {
      throw new RangeError(
        `bench "${bench}": its class names are not known; give them with --classes FILE (a JSON list, ` +
          "or a .txt with one name on each line, in index order), or name a variant of ImageNet with " +
          "--bench: imagenet-1k, imagenet-v2, imagenet-sketch, imagenet-a, imagenet-r, imagenet-o",
      );
    }
    const { classes } = this.facts();
    return this.labels(bench).map((label) => classes[label]);
  }
}

function partOf(name: string): ImagenetPart | null {
  return PARTS[officialKey(name) ?? officialKey(name.replace(/-part$/, "")) ?? ""] ?? null;
}
