import type { Bench, ClassificationBench, PairsBench, RetrievalBench } from "./bench.ts";
import { checkBenchName } from "./bench_names.ts";
import { classEmbeddings } from "./class_embeddings.ts";
import type { EvalModel } from "./eval_model.ts";
import type {
  EvalConditions,
  EvalResult,
  PairsResult,
  RetrievalResult,
  ZeroShotResult,
} from "./eval_result.ts";
import { fillTemplate } from "./fill_template.ts";
import { groupScores } from "./group_scores.ts";
import { ICON_TEMPLATES } from "./icon_templates.ts";
import { retrieval } from "./retrieval.ts";
import { zeroShot } from "./zero_shot.ts";

/** Pictures or texts embedded in one call: bounds memory, and a cancelled run stops soon. */
const CHUNK = 512;

/** How a benchmark is run. */
export interface EvalOptions {
  /** Prompts with one `{}` each. Default those of the bench, else {@link ICON_TEMPLATES}. */
  templates?: readonly string[];
  /** Which data the pictures come from, for the results. */
  dataSet?: string;
  /** Group of a row, such as its designer family, for results by group. */
  groupOf?: (row: number) => string;
  /** Called with the number of embedded pictures and texts, and of all. */
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/**
 * Run one benchmark on a model: zero-shot classification with an ensemble of prompts, or retrieval for
 * each list of captions. The model comes as two functions, so the same code measures the training
 * library, ONNX Runtime and a table of stored features.
 *
 * @returns one result for a classification, one for each caption list for retrieval.
 * @throws {TypeError} when the model returns embeddings of another shape; {RangeError} when the bench
 * has a published name and another size; the reason of `signal` when that was aborted.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { evaluateModel } from "./evaluate.ts";
 *
 * const axis = (i: number) => i === 0 ? [1, 0] : [0, 1];
 * const [result] = await evaluateModel({
 *   width: 2,
 *   resolution: 32,
 *   textTokens: 8,
 *   embedImages: (rows) => Float32Array.from(rows.flatMap(axis)),
 *   embedTexts: (texts) => ({
 *     features: Float32Array.from(texts.flatMap((text) => axis(text.includes("cat") ? 0 : 1))),
 *     truncated: 0,
 *   }),
 * }, { kind: "classification", name: "b", split: "test", classes: ["cat", "dog"], rows: [0, 1], labels: [0, 1] });
 * assert.equal(result.kind === "zero-shot" && result.top1, 1);
 * ```
 */
export async function evaluateModel(
  model: EvalModel,
  bench: Bench,
  options: EvalOptions = {},
): Promise<EvalResult[]> {
  const classes = bench.kind === "classification" ? bench.classes.length : null;
  checkBenchName(bench.name, bench.rows.length, classes);
  if (bench.kind === "pairs") return [await measurePairs(model, bench, options)];
  return bench.kind === "classification"
    ? [await classify(model, bench, options)]
    : await retrieve(model, bench, options);
}

async function classify(
  model: EvalModel,
  bench: ClassificationBench,
  options: EvalOptions,
): Promise<ZeroShotResult> {
  const { templates = bench.templates ?? ICON_TEMPLATES, groupOf } = options;
  if (templates.length === 0) throw new RangeError("templates: seen none; allowed: at least one");
  const prompts = bench.classes.flatMap((name) =>
    templates.map((template) => fillTemplate(template, name))
  );
  const work = new Work(model, options, prompts.length + bench.rows.length);
  const texts = await work.texts(prompts);
  const images = await work.images(bench.rows);
  const { ranks: _, ...scores } = zeroShot({
    images,
    classes: classEmbeddings(texts.features, templates.length, model.width),
    width: model.width,
    labels: bench.labels,
    groups: groupOf && bench.rows.map(groupOf),
  });
  return { kind: "zero-shot", ...conditions(model, bench, options, texts.truncated), ...scores };
}

async function retrieve(
  model: EvalModel,
  bench: RetrievalBench,
  options: EvalOptions,
): Promise<RetrievalResult[]> {
  const lists = Object.entries(bench.captions);
  const work = new Work(model, options, bench.rows.length * (1 + lists.length));
  const images = await work.images(bench.rows);
  const results: RetrievalResult[] = [];
  for (const [captions, list] of lists) {
    const { features, truncated } = await work.texts(list);
    const scores = retrieval(images, features, model.width);
    results.push({
      kind: "retrieval",
      ...conditions(model, bench, options, truncated),
      captions,
      ...scores,
    });
  }
  return results;
}

async function measurePairs(
  model: EvalModel,
  bench: PairsBench,
  options: EvalOptions,
): Promise<PairsResult> {
  const { group, measure } = bench;
  if (measure === "loss" && model.logitScale === undefined) {
    throw new RangeError(
      `${bench.name}: the model does not carry its similarity scale, which the loss needs; ` +
        "evaluate the run itself (--run)",
    );
  }
  const work = new Work(model, options, 2 * bench.rows.length);
  const images = await work.images(bench.rows);
  const { features, truncated } = await work.texts(bench.captions);
  const { width, logitScale: scale = 1 } = model;
  const { loss, i2t, t2i } = groupScores(images, features, { width, size: group, scale });
  return {
    kind: "pairs",
    ...conditions(model, bench, options, truncated),
    n: bench.rows.length,
    group,
    scores: measure === "loss" ? { loss } : { "i2t.r1": i2t, "t2i.r1": t2i },
  };
}

function conditions(
  { resolution, textTokens }: EvalModel,
  { name, split }: Bench,
  { dataSet }: EvalOptions,
  truncatedPrompts: number,
): EvalConditions {
  const common = { bench: name, split, resolution, textTokens, truncatedPrompts };
  return dataSet === undefined ? common : { ...common, dataSet };
}

/** Embeds in chunks, checks what the model returns, and reports progress. */
class Work {
  #done = 0;

  constructor(
    readonly model: EvalModel,
    readonly options: EvalOptions,
    readonly total: number,
  ) {}

  images(rows: readonly number[]): Promise<Float32Array> {
    return this.#embed(
      "embedImages",
      rows,
      (part) => this.model.embedImages(part, this.model.resolution),
    );
  }

  async texts(texts: readonly string[]) {
    let cut = 0;
    const features = await this.#embed("embedTexts", texts, async (part) => {
      const { features, truncated } = await this.model.embedTexts(part);
      cut += truncated * part.length;
      return features;
    });
    // Back to whole texts, since the chunks' shares were rounded.
    return { features, truncated: Math.round(cut) / texts.length };
  }

  async #embed<T>(
    name: string,
    items: readonly T[],
    embed: (part: readonly T[]) => Float32Array | Promise<Float32Array>,
  ): Promise<Float32Array> {
    const { width } = this.model;
    const all = new Float32Array(items.length * width);
    for (let first = 0; first < items.length; first += CHUNK) {
      this.options.signal?.throwIfAborted();
      const part = items.slice(first, first + CHUNK);
      const features = await embed(part);
      if (features.length !== part.length * width) {
        throw new TypeError(
          `${name}: seen ${features.length} values; allowed: [${part.length}, ${width}]`,
        );
      }
      all.set(features, first * width);
      this.options.onProgress?.(this.#done += part.length, this.total);
    }
    return all;
  }
}
