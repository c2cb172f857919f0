import type { BenchPart, BenchSource } from "../../data/benches/bench_source.ts";
import type { SkippedReason } from "../../data/bake/skipped_samples.ts";
import { checkCaptionBench } from "../bench_names.ts";
import { embedTexts } from "../embed_texts.ts";
import type { EvalEncoder } from "../eval_encoder.ts";
import { standardError } from "../standard_error.ts";
import type { BenchResult, Rate } from "./bench_result.ts";
import { bootstrapRates } from "./bootstrap_rates.ts";
import { captionRanks, type QueryRanks } from "./caption_ranks.ts";
import { evaluateParts } from "./evaluate_parts.ts";
import type { StoredPart } from "./partial_store.ts";
import { checkFinite, countSource, embedPart, type SourceOptions } from "./source_options.ts";

/** Recall is measured among the first of so many. */
const DEPTHS = [1, 5, 10];

/** Embeddings of a part. */
interface Embedded {
  /** [pictures, width] */
  readonly images: Float32Array;
  /** [captions, width] */
  readonly texts: Float32Array;
  /** [pictures] Captions of each picture. */
  readonly counts: Float32Array;
  /** Captions that were cut. */
  readonly cut: number;
  readonly skipped: readonly SkippedReason[];
}

/**
 * Retrieval among pictures with several captions each, as CLIP_benchmark measures it on COCO and
 * Flickr30k: a picture is found by any of its captions, a caption finds its one picture. Memory holds
 * one embedding for each picture and caption and no table of similarities. Ties count as wrong; how
 * many hits hang on a tie stands beside each number.
 *
 * @throws {RangeError} for a published name with another size.
 * @throws {SyntaxError} when no picture could be evaluated, or a shard is damaged.
 */
export async function retrieveSource(
  encoder: EvalEncoder,
  source: BenchSource<readonly string[]>,
  options: SourceOptions,
): Promise<BenchResult> {
  const { bench, split, signal } = options;
  const total = await countSource(source, signal);
  checkCaptionBench(bench, total, null);
  const { parts, broken } = await evaluateParts(source, total, options, {
    make: (part, onPictures) => embed(encoder, part, options, onPictures),
    pack: ({ cut, skipped, ...arrays }) => ({ arrays, notes: { cut, skipped } }),
    unpack: unpackEmbedded,
    pictures: ({ counts }) => counts.length,
  });
  const images = concat(parts.map((part) => part.images));
  const texts = concat(parts.map((part) => part.texts));
  const counts = concat(parts.map((part) => part.counts));
  if (counts.length === 0) {
    throw new SyntaxError(
      `${source.name}: no picture to evaluate (left out: ${broken.describe()}); allowed: PNG, JPEG or ` +
        "WebP pictures with captions",
    );
  }
  const captions = texts.length / encoder.width;
  checkCaptionBench(bench, counts.length, captions);
  const imageOf = Int32Array.from([...counts].flatMap((count, i) => Array(count).fill(i)));
  const { i2t, t2i } = await captionRanks(images, texts, encoder.width, imageOf, {
    signal,
    onPictures: options.onRanked,
  });
  return {
    conditions: {
      bench,
      dataSet: source.name,
      split,
      resolution: encoder.resolution,
      textTokens: encoder.textTokens,
      truncatedPrompts: parts.reduce((sum, { cut }) => sum + cut, 0) / captions,
      skipped: broken.total,
      fit: options.fit,
      filter: options.filter ?? encoder.filter,
      templates: null,
    },
    rates: [
      ...recalls("i2t", i2t, counts.map(() => 1), captions),
      ...recalls("t2i", t2i, counts, counts.length),
    ],
    skipped: broken.reasons(),
  };
}

/** Recalls of one direction; queries of one picture stand together, `sizes` says how many. */
function recalls(
  direction: "i2t" | "t2i",
  { worst, best }: QueryRanks,
  sizes: Float32Array,
  candidates: number,
): Rate[] {
  const hits = DEPTHS.map((depth) => hitsOf(worst, depth, sizes));
  const errors = bootstrapRates(sizes, hits);
  const n = worst.length;
  return DEPTHS.map((depth, k) => {
    const right = hits[k].reduce((a, b) => a + b, 0);
    return {
      metric: `${direction}.r${depth}`,
      value: right / n,
      se: standardError(right / n, n),
      seBootstrap: errors[k],
      n,
      classes: candidates,
      ties: best.reduce((sum, rank) => sum + Number(rank < depth), 0) - right,
    };
  });
}

function hitsOf(ranks: Int32Array, depth: number, sizes: Float32Array): Float64Array {
  let at = 0;
  return Float64Array.from(sizes, (size) => {
    const own = ranks.subarray(at, at += size);
    return own.reduce((sum, rank) => sum + Number(rank < depth), 0);
  });
}

async function embed(
  encoder: EvalEncoder,
  part: BenchPart<readonly string[]>,
  options: SourceOptions,
  onPictures: (pictures: number) => void,
): Promise<Embedded> {
  const images: Float32Array[] = [], texts: Float32Array[] = [], counts: number[] = [];
  let cut = 0;
  const skipped = await embedPart(encoder, part, options, async (features, captions) => {
    const flat = captions.flat();
    const embedded = await embedTexts(encoder, flat, options.signal);
    checkFinite(embedded.features, "captions");
    images.push(features);
    texts.push(embedded.features);
    counts.push(...captions.map((list) => list.length));
    cut += Math.round(embedded.truncated * flat.length);
    onPictures(counts.length);
  });
  return {
    images: concat(images),
    texts: concat(texts),
    counts: Float32Array.from(counts),
    cut,
    skipped,
  };
}

function unpackEmbedded({ arrays, notes }: StoredPart): Embedded {
  const none = new Float32Array();
  const { images = none, texts = none, counts = none } = arrays;
  const { cut, skipped } = notes as Pick<Embedded, "cut" | "skipped">;
  return { images, texts, counts, cut, skipped };
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
