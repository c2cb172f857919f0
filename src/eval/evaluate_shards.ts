import { basename } from "node:path";
import { type SkippedReason, SkippedSamples } from "../data/bake/skipped_samples.ts";
import type { Fit } from "../data/images/square_picture.ts";
import { pictureChunks } from "../data/shards/picture_chunks.ts";
import { readTar, type ShardSample } from "../data/shards/read_tar.ts";
import { captionOf, labelOf } from "../data/shards/sample_parts.ts";
import { checkBenchName, officialBench } from "./bench_names.ts";
import { classEmbeddings } from "./class_embeddings.ts";
import { embedTexts } from "./embed_texts.ts";
import type { EvalEncoder } from "./eval_encoder.ts";
import type { RetrievalResult, ZeroShotResult } from "./eval_result.ts";
import { fillTemplate } from "./fill_template.ts";
import { retrieval } from "./retrieval.ts";
import { standardError } from "./standard_error.ts";
import { worstRanks } from "./worst_ranks.ts";

/** What is evaluated. */
export interface ShardEvalOptions {
  /** Name of the benchmark in the results; a published name is refused for another size. */
  readonly bench: string;
  /** Webdataset tars. */
  readonly shards: readonly string[];
  /** What the shards are called in the results, for example their glob. */
  readonly dataSet: string;
  /** How pictures become square. Default `squash`, as in CLIPA's evaluation. */
  readonly fit?: Fit;
  /** Samples read at once. Default 64. */
  readonly chunk?: number;
  readonly signal?: AbortSignal;
  /** Called with the pictures evaluated and the shards finished so far. */
  readonly onProgress?: (pictures: number, shards: number) => void;
}

/** A result and the samples that it leaves out. */
export interface ShardEvaluation<Result> {
  readonly result: Result;
  readonly skipped: readonly SkippedReason[];
}

/**
 * Zero-shot classification of anybody's webdataset shards: `key.png|jpg|webp` with the class index as
 * text in `key.cls`. Shards are streamed and each chunk is ranked as it comes, so memory holds the
 * classes and two chunks, whatever the number of pictures. A sample without a whole picture or without
 * a label is counted, reported and left out of `n`.
 *
 * @param classes Names in index order.
 * @param templates Prompts with one `{}` each.
 * @throws {RangeError} for a label that is no class, and for a published name with another size.
 * @throws {SyntaxError} when a shard is cut or damaged, or nothing could be evaluated.
 *
 * @example
 * ```ts ignore
 * const options = { bench: "pets-of-mine", shards: ["pets.tar"], dataSet: "pets.tar" };
 * const { result } = await classifyShards(encoder, ["cat", "dog"], ["a photo of a {}"], options);
 * ```
 */
export async function classifyShards(
  encoder: EvalEncoder,
  classes: readonly string[],
  templates: readonly string[],
  options: ShardEvalOptions,
): Promise<ShardEvaluation<ZeroShotResult>> {
  await checkName(options, classes.length);
  const { width } = encoder;
  const prompts = classes.flatMap((name) => templates.map((each) => fillTemplate(each, name)));
  const texts = await embedTexts(encoder, prompts, options.signal);
  const targets = classEmbeddings(texts.features, templates.length, width);
  let n = 0, first = 0, firstFive = 0;
  const classHits = new Array<number>(classes.length).fill(0);
  const classSizes = new Array<number>(classes.length).fill(0);
  const skipped = await eachChunk(
    encoder,
    options,
    (sample) => labelOf(sample, classes.length),
    (features, labels) => {
      worstRanks(features, targets, width, labels).forEach((rank, i) => {
        n++;
        classSizes[labels[i]]++;
        if (rank < 1) first++;
        if (rank < 1) classHits[labels[i]]++;
        if (rank < 5) firstFive++;
      });
      return n;
    },
  );
  expectSome(n, options, skipped, "key.cls");
  const top1 = first / n, top5 = firstFive / n;
  checkEvaluated(options, n, classes.length, skipped, `top-1 ${top1}, top-5 ${top5}`);
  const se = standardError(top1, n);
  const scores = { top1, top5, n, se, classes: classes.length, classHits, classSizes };
  return {
    result: { kind: "zero-shot", ...conditions(encoder, options, texts, skipped), ...scores },
    skipped,
  };
}

/**
 * Retrieval among the pairs of anybody's webdataset shards: `key.png|jpg|webp` and its caption in
 * `key.txt`. Memory grows with the pairs (two embeddings each), not with their square. Two pairs with
 * one caption cannot both be right, since ties count as wrong.
 *
 * @throws {RangeError} for a published name, see {@linkcode checkBenchName}.
 * @throws {SyntaxError} when a shard is cut or damaged, or nothing could be evaluated.
 */
export async function retrieveShards(
  encoder: EvalEncoder,
  options: ShardEvalOptions,
): Promise<ShardEvaluation<RetrievalResult>> {
  await checkName(options, null);
  const images: Float32Array[] = [], texts: Float32Array[] = [];
  let n = 0, cut = 0;
  const skipped = await eachChunk(encoder, options, captionOf, async (features, captions) => {
    const embedded = await embedTexts(encoder, captions, options.signal);
    images.push(features);
    texts.push(embedded.features);
    cut += embedded.truncated * captions.length;
    return n += captions.length;
  });
  expectSome(n, options, skipped, "key.txt");
  const scores = retrieval(concat(images), concat(texts), encoder.width);
  const truncated = Math.round(cut) / n;
  return {
    result: {
      kind: "retrieval",
      ...conditions(encoder, options, { truncated }, skipped),
      captions: "txt",
      ...scores,
    },
    skipped,
  };
}

/** Embeds chunk by chunk; `take` gets the features and returns how many pictures there are so far. */
async function eachChunk<Part>(
  encoder: EvalEncoder,
  options: ShardEvalOptions,
  read: (sample: ShardSample) => Part,
  take: (features: Float32Array, parts: readonly Part[]) => number | Promise<number>,
): Promise<readonly SkippedReason[]> {
  const skipped = new SkippedSamples(1);
  const { resolution: side, filter, width } = encoder;
  const { fit = "squash", chunk, signal, shards, onProgress } = options;
  const chunks = pictureChunks(shards, {
    side,
    filter,
    fit,
    read,
    chunk,
    signal,
    onSkip: (shard, at, key, message) => skipped.add(basename(shard), at, key, message),
  });
  let evaluated = 0;
  for await (const { pixels, parts, shard } of chunks) {
    signal?.throwIfAborted();
    const features = await encoder.embedPixels(pixels);
    if (features.length !== parts.length * width) {
      throw new TypeError(
        `embedPixels: seen ${features.length} values; allowed: [${parts.length}, ${width}]`,
      );
    }
    evaluated = await take(features, parts);
    onProgress?.(evaluated, shard);
  }
  onProgress?.(evaluated, shards.length);
  return skipped.reasons();
}

/** A published name is checked before hours are spent: samples are counted without decoding them. */
async function checkName(options: ShardEvalOptions, classes: number | null): Promise<void> {
  if (officialBench(options.bench) === undefined) return;
  let n = 0;
  for (const shard of options.shards) {
    for await (const _ of readTar(shard, { onBroken: () => n++ })) {
      options.signal?.throwIfAborted();
      n++;
    }
  }
  checkBenchName(options.bench, n, classes);
}

/** Samples that had to be left out change the size too; the numbers are told, under no such name. */
function checkEvaluated(
  { bench }: ShardEvalOptions,
  n: number,
  classes: number | null,
  skipped: readonly SkippedReason[],
  scores: string,
): void {
  try {
    checkBenchName(bench, n, classes);
  } catch (error) {
    if (error instanceof RangeError) {
      error.message += `; left out: ${describe(skipped)}; these ${n} have ${scores}`;
    }
    throw error;
  }
}

function expectSome(
  n: number,
  { shards }: ShardEvalOptions,
  skipped: readonly SkippedReason[],
  part: string,
): void {
  if (n > 0) return;
  throw new SyntaxError(
    `${shards.length} shards hold no sample to evaluate (left out: ${describe(skipped)}); ` +
      `allowed: tars with key.png|jpg|webp and ${part}`,
  );
}

function describe(skipped: readonly SkippedReason[]): string {
  if (skipped.length === 0) return "none";
  return skipped.map(({ reason, count, examples }) => `${count} × ${reason}, first ${examples[0]}`)
    .join("; ");
}

function conditions(
  { resolution, textTokens }: EvalEncoder,
  { bench, dataSet }: ShardEvalOptions,
  { truncated }: { truncated: number },
  skipped: readonly SkippedReason[],
) {
  return {
    bench,
    dataSet,
    split: "shards",
    resolution,
    textTokens,
    truncatedPrompts: truncated,
    skipped: skipped.reduce((sum, { count }) => sum + count, 0),
  };
}

function concat(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
