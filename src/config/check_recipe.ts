import { imageTokenProblem } from "./image_token_rule.ts";
import { nearest } from "./nearest.ts";
import { PRESETS } from "./presets.ts";
import type { Recipe } from "./recipe.ts";
import { peakLr, stageSteps, warmupSteps } from "./stage_numbers.ts";

/** Below this batch the papers' rule gives a learning rate that teaches nothing. */
const SMALLEST_PAPER_BATCH = 4096;

/**
 * What no single field can tell: values that contradict each other. Returns one line for each
 * contradiction, with the path, what was seen, what is allowed and what to change.
 */
export function checkRecipe(recipe: Recipe): string[] {
  return [
    ...checkData(recipe),
    ...checkTowers(recipe),
    ...checkLoss(recipe),
    ...checkTokenizer(recipe),
    ...checkGuards(recipe),
    ...recipe.stages.flatMap((_, index) => [...checkStage(recipe, index)]),
  ];
}

function* checkData({ data }: Recipe): Generator<string> {
  if ((data.set === null) === (data.shards === null)) {
    yield "data: allowed: exactly one of set and shards; give data.set: icons-v1 or data.shards: " +
      "a path or glob of tar files";
  }
  const { shards, stream, limit } = data;
  if (stream === undefined && shards !== null && /^https?:/.test(shards)) {
    yield `data.shards: seen ${shards}; shards on a server are read as a stream only; add ` +
      "data.stream: {}, or fetch the shards first with deno task fetch";
  }
  if (stream !== undefined && shards === null) {
    yield "data.stream: seen without data.shards; allowed: with shards; leave it out";
  }
  if (data.decode !== undefined && shards === null) {
    yield "data.decode: seen without data.shards; the built-in set is baked already; leave it out";
  }
  if (stream !== undefined && limit !== null) {
    yield `data.limit: seen ${limit} with data.stream; allowed: null; use data.stream.epoch`;
  }
  if (Object.values(data.captions).every((weight) => weight === 0)) {
    yield "data.captions: seen 0 for every level; allowed: at least one weight above 0";
  }
}

function* checkTowers({ model }: Recipe): Generator<string> {
  for (const tower of ["image", "text"] as const) {
    const { width, heads } = model[tower];
    if (width % heads !== 0) {
      yield `model.${tower}.heads: seen ${heads}; allowed: a divisor of the width ${width}`;
    }
  }
  const { image, text } = model;
  if (image.position !== "learned" && image.width % 4 !== 0) {
    yield `model.image.width: seen ${image.width}; allowed with position ${image.position}: a ` +
      "multiple of 4";
  }
  if (image.pool !== "mean" && !image.classToken) {
    yield `model.image.pool: seen "${image.pool}" without a class token; allowed: "mean"; or set ` +
      "model.image.classToken: true";
  }
  if (text.pool === "last" && text.causal) {
    yield 'model.text.pool: seen "last" in a causal tower, where padding hides the caption; allowed: "eot"';
  }
  if (model.logitScaleMax !== null && model.logitScaleInit > model.logitScaleMax) {
    yield `model.logitScaleInit: seen ${model.logitScaleInit}; allowed: at most logitScaleMax, ` +
      `${model.logitScaleMax}`;
  }
}

function* checkLoss({ loss }: Recipe): Generator<string> {
  if (loss?.kind === "softmax" && loss.biasInit !== undefined) {
    yield `loss.biasInit: seen ${loss.biasInit} with kind softmax, which has no bias; leave it out`;
  }
}

function* checkGuards({ guards, checkpoint }: Recipe): Generator<string> {
  if (guards === undefined) return;
  const { skips, within } = guards.spike;
  if (skips > within) {
    yield `guards.spike.skips: seen ${skips}; allowed: at most guards.spike.within, ${within}`;
  }
  if (checkpoint.everySteps === null) {
    yield "checkpoint.everySteps: seen null with guards.spike, which goes back to a checkpoint; " +
      "allowed: a number of steps, such as 500";
  }
}

/** Rows of the token table that the vocabularies of released models need. */
const VOCABULARY_ROWS = {
  "clip-bpe": 49_408,
  "bert-uncased": 30_522,
  "bert-uncased-strip-sep": 30_522,
} as const;

function* checkTokenizer({ data, model }: Recipe): Generator<string> {
  const { tokenizer = "icons" } = data;
  if (tokenizer === "icons") return;
  const rows = VOCABULARY_ROWS[tokenizer];
  if (model.text.vocabulary < rows) {
    yield `model.text.vocabulary: seen ${model.text.vocabulary}; allowed with data.tokenizer ` +
      `"${tokenizer}": at least ${rows}`;
  }
  if (tokenizer !== "clip-bpe" && model.text.pool === "eot") {
    yield `model.text.pool: seen "eot" with data.tokenizer "${tokenizer}", which has no end token; ` +
      'allowed: "last"; or data.tokenizer: clip-bpe';
  }
}

function* checkStage(recipe: Recipe, index: number): Generator<string> {
  const stage = recipe.stages[index];
  const at = `stages[${index}]`;
  if (recipe.stages.findIndex((other) => other.name === stage.name) < index) {
    yield `${at}.name: seen "${stage.name}" twice; allowed: a name of its own for each stage`;
  }
  if (stage.samples < stage.batch) {
    yield `${at}.samples: seen ${stage.samples}; allowed: at least one batch, ${stage.batch}`;
  }
  if (stage.batch % stage.accumulate !== 0) {
    yield `${at}.accumulate: seen ${stage.accumulate}; allowed: a divisor of the batch ${stage.batch}`;
  }
  yield* checkBudget(recipe, index);
  if ((stage.lr === null) === (stage.baseLr === null)) {
    yield `${at}: allowed: exactly one of lr and baseLr; laptop recipes state lr, near 1e-3`;
  } else if (stage.baseLr !== null && stage.batch < SMALLEST_PAPER_BATCH) {
    yield `${at}.baseLr: seen ${stage.baseLr} with batch ${stage.batch}, a peak learning rate of ` +
      `${
        peakLr(stage).toExponential(1)
      }; allowed: batches from ${SMALLEST_PAPER_BATCH} up; state lr`;
  }
  if (warmupSteps(stage) >= stageSteps(stage) && warmupSteps(stage) > 0) {
    yield `${at}.warmup: seen ${warmupSteps(stage)} steps; allowed: fewer than the stage's ` +
      `${stageSteps(stage)} (samples / batch)`;
  }
  const { area, aspect, warp } = stage.augment;
  for (const [key, range] of Object.entries({ area, aspect, "warp.scale": warp?.scale })) {
    if (range === undefined) continue;
    const [low, high] = range;
    if (low > high || low <= 0) {
      yield `${at}.augment.${key}: seen [${low}, ${high}]; allowed: above 0, the smaller first`;
    }
  }
}

/** Options that belong to one strategy, by field of the stage. */
const STRATEGY_OPTIONS = {
  image: { jitter: "grid", placement: "block" },
  text: { order: "random", tags: "syntax", unit: "syntax" },
} as const;

/** The token budget: numbers that the strategy can give, and options that it has. */
function* checkBudget({ model, stages }: Recipe, index: number): Generator<string> {
  const stage = stages[index];
  const problem = imageTokenProblem(stage.image, model.image.patch);
  if (problem !== undefined) yield `stages[${index}].image.${problem}`;
  for (const side of ["image", "text"] as const) {
    const { strategy, ...fields } = stage[side];
    for (const [option, owner] of Object.entries(STRATEGY_OPTIONS[side])) {
      if (!(option in fields) || owner === strategy) continue;
      yield `stages[${index}].${side}.${option}: an option of strategy ${owner}; seen with ` +
        `strategy ${strategy}; leave it out`;
    }
  }
  const tags = ({ text }: typeof stage) =>
    text.strategy === "syntax" ? text.tags ?? "sentence" : null;
  const first = stages.slice(0, index).map(tags).find((kind) => kind !== null);
  if (first !== undefined && tags(stage) !== null && tags(stage) !== first) {
    yield `stages[${index}].text.tags: seen ${
      tags(stage)
    }, in an earlier stage ${first}; allowed: ` +
      "one kind in a recipe, since captions are tagged once";
  }
}

/**
 * Complains about a preset name that is not in the table. Checked before the rest, since without the
 * preset every field of the model would be reported as missing.
 */
export function checkPresetName(name: unknown): string | undefined {
  if (typeof name !== "string" || Object.hasOwn(PRESETS, name)) return undefined;
  const names = Object.keys(PRESETS);
  const near = nearest(name, names);
  return `model.preset: seen "${name}"; ${
    near === undefined ? "" : `nearest: "${near}"; `
  }allowed: ` +
    names.join(", ");
}
