import type { BenchPart, BenchSource } from "../../data/benches/bench_source.ts";
import type { SkippedReason } from "../../data/bake/skipped_samples.ts";
import { checkBenchName } from "../bench_names.ts";
import type { EvalEncoder } from "../eval_encoder.ts";
import type { PromptSet } from "../prompts/prompt_set.ts";
import { standardError } from "../standard_error.ts";
import { worstRanks } from "../worst_ranks.ts";
import type { BenchResult, ClassAccuracy, Rate } from "./bench_result.ts";
import { bootstrapRates } from "./bootstrap_rates.ts";
import type { BrokenPictures } from "./broken_pictures.ts";
import { type ClassTargets, classTargets } from "./class_targets.ts";
import { evaluateParts } from "./evaluate_parts.ts";
import type { StoredPart } from "./partial_store.ts";
import { laterNamesakes } from "./same_name.ts";
import { countSource, embedPart, type SourceOptions } from "./source_options.ts";

/** Labels and ranks of the pictures of a part. */
interface Judged {
  readonly labels: Float32Array;
  /** Wrong classes ahead of the right one. */
  readonly ranks: Float32Array;
  readonly skipped: readonly SkippedReason[];
}

/**
 * Zero-shot classification of a published benchmark in whatever layout, as open_clip and CLIP_benchmark
 * measure it: a class is the mean of its prompts' unit vectors, the first of the largest similarities is
 * the answer. Pictures are streamed and ranked as they come; memory holds the classes and two batches.
 * A picture that is missing or broken is named, counted and left out of `n`.
 *
 * @param classes Names in index order.
 * @throws {RangeError} for a label that is no class, and for a published name with another size.
 * @throws {SyntaxError} when no picture could be evaluated, or a shard is damaged.
 */
export async function classifySource(
  encoder: EvalEncoder,
  source: BenchSource<number>,
  classes: readonly string[],
  prompts: PromptSet,
  options: SourceOptions,
): Promise<BenchResult> {
  const { bench, split } = options;
  const total = await countSource(source, options.signal);
  checkBenchName(bench, total, classes.length);
  const targets = await classTargets(encoder, classes, prompts, options);
  const later = laterNamesakes(classes);
  const { parts: judged, broken } = await evaluateParts(source, total, options, {
    make: (part, onPictures) => judge(encoder, part, targets, later, options, onPictures),
    pack: ({ skipped, ...arrays }) => ({ arrays, notes: skipped }),
    unpack: unpackJudged,
    pictures: ({ ranks }) => ranks.length,
  });
  const { rates, perClass, absent } = score(judged, classes, source.name, broken);
  checkEvaluated(bench, rates, classes.length, broken);
  return {
    conditions: {
      bench,
      dataSet: source.name,
      split,
      resolution: encoder.resolution,
      textTokens: encoder.textTokens,
      truncatedPrompts: targets.truncated,
      skipped: broken.total,
      fit: options.fit,
      filter: options.filter ?? encoder.filter,
      templates: prompts.name,
    },
    rates,
    skipped: broken.reasons(),
    perClass,
    absent,
  };
}

async function judge(
  encoder: EvalEncoder,
  part: BenchPart<number>,
  targets: ClassTargets,
  later: readonly number[],
  options: SourceOptions,
  onPictures: (pictures: number) => void,
): Promise<Judged> {
  const labels: number[] = [], ranks: number[] = [];
  const skipped = await embedPart(encoder, part, options, (features, batch) => {
    worstRanks(features, targets.features, encoder.width, batch).forEach((rank, i) => {
      labels.push(batch[i]);
      ranks.push(rank - later[batch[i]]);
    });
    onPictures(labels.length);
  });
  return { labels: Float32Array.from(labels), ranks: Float32Array.from(ranks), skipped };
}

function unpackJudged({ arrays, notes }: StoredPart): Judged {
  const { labels = new Float32Array(), ranks = new Float32Array() } = arrays;
  return { labels, ranks, skipped: notes as SkippedReason[] };
}

function score(
  judged: readonly Judged[],
  classes: readonly string[],
  name: string,
  broken: BrokenPictures,
) {
  const sizes = classes.map(() => 0), first = classes.map(() => 0), five = classes.map(() => 0);
  for (const { labels, ranks } of judged) {
    ranks.forEach((rank, i) => {
      sizes[labels[i]]++;
      if (rank < 1) first[labels[i]]++;
      if (rank < 5) five[labels[i]]++;
    });
  }
  const shown = classes.map((_, i) => i).filter((i) => sizes[i] > 0);
  if (shown.length === 0) {
    throw new SyntaxError(
      `${name}: no picture to evaluate (left out: ${broken.describe()}); allowed: PNG, JPEG or WebP ` +
        "pictures with a class each: in tars key.cls beside the picture, else folders or --labels",
    );
  }
  const n = sizes.reduce((a, b) => a + b);
  const of = (list: readonly number[]) => shown.map((i) => list[i]);
  const perClass: ClassAccuracy[] = shown.map((index) => ({
    index,
    name: classes[index],
    n: sizes[index],
    top1: first[index] / sizes[index],
    top5: five[index] / sizes[index],
  }));
  const [seFirst, seFive] = bootstrapRates(of(sizes), [of(first), of(five)]);
  const share = (metric: string, hits: readonly number[], seBootstrap: number): Rate => {
    const value = hits.reduce((a, b) => a + b) / n;
    return { metric, value, se: standardError(value, n), seBootstrap, n, classes: classes.length };
  };
  const rates = [share("top1", first, seFirst), share("top5", five, seFive), classMean(perClass)];
  return { rates, perClass, absent: classes.filter((_, i) => sizes[i] === 0) };
}

/** Mean of the classes' own accuracies; its errors follow from theirs, and from their spread. */
function classMean(perClass: readonly ClassAccuracy[]): Rate {
  const count = perClass.length;
  const value = perClass.reduce((sum, { top1 }) => sum + top1, 0) / count;
  const variance = perClass.reduce((sum, { top1, n }) => sum + top1 * (1 - top1) / n, 0);
  const spread = perClass.reduce((sum, { top1 }) => sum + (top1 - value) ** 2, 0);
  return {
    metric: "classMean",
    value,
    se: Math.sqrt(variance) / count,
    seBootstrap: Math.sqrt(spread / Math.max(1, count * (count - 1))),
    n: perClass.reduce((sum, { n }) => sum + n, 0),
    classes: count,
  };
}

/** Pictures that were left out change the size: the numbers are told, under no published name. */
function checkEvaluated(
  bench: string,
  [top1, top5]: readonly Rate[],
  classes: number,
  broken: BrokenPictures,
): void {
  try {
    checkBenchName(bench, top1.n, classes);
  } catch (error) {
    if (error instanceof RangeError) {
      error.message +=
        `; left out: ${broken.describe()}; these ${top1.n} have top-1 ${top1.value}, ` +
        `top-5 ${top5.value}`;
    }
    throw error;
  }
}
