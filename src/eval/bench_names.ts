/** Size of a benchmark that others publish numbers on. */
interface Official {
  /** Pictures. */
  readonly n: number;
  /** Absent for retrieval. */
  readonly classes?: number;
  /** Captions of each picture, for retrieval. */
  readonly captions?: number;
}

/**
 * Benchmarks by name, written without case, blanks and punctuation, with the size of the split that
 * published numbers are on: the test split, for ImageNet-1k the validation split.
 */
const OFFICIAL: Readonly<Record<string, Official>> = {
  imagenet1k: { n: 50_000, classes: 1000 },
  imagenetv2: { n: 10_000, classes: 1000 },
  imageneta: { n: 7_500, classes: 200 },
  imagenetr: { n: 30_000, classes: 200 },
  imageneto: { n: 2_000, classes: 200 },
  imagenetsketch: { n: 50_889, classes: 1000 },
  objectnet: { n: 18_574, classes: 113 },
  mnist: { n: 10_000, classes: 10 },
  fashionmnist: { n: 10_000, classes: 10 },
  cifar10: { n: 10_000, classes: 10 },
  cifar100: { n: 10_000, classes: 100 },
  stl10: { n: 8_000, classes: 10 },
  food101: { n: 25_250, classes: 101 },
  country211: { n: 21_100, classes: 211 },
  oxfordpets: { n: 3_669, classes: 37 },
  oxfordflowers: { n: 6_149, classes: 102 },
  describabletextures: { n: 1_880, classes: 47 },
  stanfordcars: { n: 8_041, classes: 196 },
  fgvcaircraft: { n: 3_333, classes: 100 },
  sun397: { n: 108_754, classes: 397 },
  gtsrb: { n: 12_630, classes: 43 },
  svhn: { n: 26_032, classes: 10 },
  mscoco: { n: 5_000, captions: 5 },
  flickr30k: { n: 1_000, captions: 5 },
};

/** Other spellings. */
const SYNONYMS: Readonly<Record<string, string>> = {
  imagenet: "imagenet1k",
  in1k: "imagenet1k",
  ilsvrc2012: "imagenet1k",
  imagenet2012: "imagenet1k",
  inv2: "imagenetv2",
  imagenetv2mf: "imagenetv2",
  imagenetv2matchedfrequency: "imagenetv2",
  imagenetv2matchedfrequencyformat: "imagenetv2",
  ina: "imageneta",
  inr: "imagenetr",
  insketch: "imagenetsketch",
  pets: "oxfordpets",
  flowers: "oxfordflowers",
  flowers102: "oxfordflowers",
  oxfordflowers102: "oxfordflowers",
  dtd: "describabletextures",
  cars: "stanfordcars",
  coco: "mscoco",
  mscococaptions: "mscoco",
  cococaptions: "mscoco",
  coco2014: "mscoco",
  coco2017: "mscoco",
  flickr: "flickr30k",
  objectnet10: "objectnet",
};

/** Key of a published benchmark, such as `imagenet1k`; `undefined` for a name of your own. */
export function officialKey(name: string): string | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  const known = (key: string) => {
    const official = Object.hasOwn(SYNONYMS, key) ? SYNONYMS[key] : key;
    return Object.hasOwn(OFFICIAL, official) ? official : undefined;
  };
  // CLIP_benchmark's folders are called wds_imagenet1k_test.
  const whole = plain(name).replace(/^wds/, "");
  return known(whole) ?? known(whole.replace(/(?:validation|val|test)(?:set|split)?$/, ""));
}

/** Size of a published benchmark of this name; `undefined` for a name of your own. */
export function officialBench(name: string): Official | undefined {
  const key = officialKey(name);
  return key === undefined ? undefined : OFFICIAL[key];
}

/**
 * Refuses the name of a published benchmark for another number of pictures or classes: 40 pictures
 * called "ImageNet" would be quoted beside 50,000. Retrieval here has one caption a picture, so names
 * of benchmarks with five are refused for any number.
 *
 * @param n Pictures that were evaluated; for retrieval, pairs.
 * @param classes `null` for retrieval.
 * @throws {RangeError} names what was seen, what the name stands for and what to do.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkBenchName } from "./bench_names.ts";
 *
 * checkBenchName("imagenet-1k", 50_000, 1000);
 * checkBenchName("imagenet-1k-cats", 40, 5);
 * assert.throws(() => checkBenchName("ImageNet", 40, 1000), /40 pictures, .* 50000/);
 * ```
 */
export function checkBenchName(name: string, n: number, classes: number | null): void {
  const official = officialBench(name);
  if (official === undefined) return;
  if (n === official.n && classes !== null && classes === official.classes) return;
  const seen = classes === null ? `${n} pairs` : `${n} pictures, ${classes} classes`;
  const kinds = official.classes === undefined
    ? `${official.captions} captions each`
    : `${official.classes} classes`;
  throw new RangeError(
    `bench "${name}": seen ${seen}; the name stands for ${official.n} pictures, ${kinds}; ` +
      `evaluate all of it, or give your part another name, for example --bench ${name}-part`,
  );
}

/**
 * The same for retrieval with several captions a picture.
 *
 * @param images Pictures that were evaluated.
 * @param captions All their captions; null before they are counted.
 * @throws {RangeError} when the name is published and stands for other pictures, fewer captions, or classes.
 */
export function checkCaptionBench(name: string, images: number, captions: number | null): void {
  const official = officialBench(name);
  if (official === undefined) return;
  const { n, captions: each } = official;
  // A few pictures of COCO have a sixth caption.
  const enough = each !== undefined && (captions === null || captions >= each * n);
  if (images === n && enough) return;
  const seen = captions === null
    ? `${images} pictures`
    : `${images} pictures, ${captions} captions`;
  throw new RangeError(
    `bench "${name}": seen ${seen}; the name stands for ${n} pictures, ` +
      (each === undefined ? `${official.classes} classes` : `at least ${each} captions each`) +
      `; evaluate all of it, or give your part another name, for example --bench ${name}-part`,
  );
}
