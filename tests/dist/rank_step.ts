import { FLAVOURS } from "../../src/config/flavours.ts";
import type { ModelSpec } from "../../src/config/model_spec.ts";
import type { RankPlace } from "../../src/dist/collectives.ts";
import { ClipModel } from "../../src/model/clip_model.ts";
import { NativeContext } from "../../src/native/context.ts";
import { BENCH_SETTINGS } from "../../src/run/bench/bench_model.ts";
import { contrastive } from "../../src/tensor/ops/contrastive.ts";
import { add, mul, reshape, scale, sum, unary } from "../../src/tensor/ops/elementwise.ts";
import { linear } from "../../src/tensor/ops/linear.ts";
import { batchLoss } from "../../src/train/batch_loss.ts";
import { type BatchLoss, TrainStep } from "../../src/train/train_step.ts";
import { hashedFloats, hashedIntegers } from "../goldens/hashed.ts";

/** The part of a model golden that a step needs; see tests/goldens/reference/model.py. */
export interface StepGolden {
  readonly shape: {
    readonly batch: number;
    readonly imageSize: number;
    readonly patch: number;
    readonly textTokens: number;
    readonly vocabulary: number;
    readonly embed: number;
    readonly layers: number;
    readonly image: { readonly width: number; readonly heads: number; readonly mlp: number };
    readonly text: { readonly width: number; readonly heads: number; readonly mlp: number };
  };
  readonly parameters: Readonly<Record<string, { readonly range: [number, number] }>>;
}

/** The double-precision golden of the JAX flavour. */
export function readStepGolden<T extends StepGolden>(): T {
  return JSON.parse(Deno.readTextFileSync(new URL("../goldens/models/jax.json", import.meta.url)));
}

/** Losses as a researcher might pass them. */
export const LOSSES = {
  /** InfoNCE of the whole batch on every rank. */
  whole: (tape, images, texts, scale) => contrastive(tape, images, texts, scale),
  /** A loss of the own rows against all columns, from ordinary ops: 1/N (sum s² - 2 sum x_i y_i). */
  rows: (tape, images, texts, logitScale, own) => {
    const [total] = images.shape;
    const products = reshape(tape, linear(tape, own.image, texts), [own.count * total, 1]);
    const scores = unary(tape, mul(tape, products, logitScale), "sigmoid");
    const all = sum(tape, mul(tape, scores, scores));
    const pairs = sum(tape, mul(tape, own.image, own.text));
    const loss = scale(tape, add(tape, all, scale(tape, pairs, -2)), 1 / total);
    return { loss, share: true };
  },
  /** SigLIP's, as a recipe asks for it. */
  sigmoid: null,
} satisfies Record<string, BatchLoss | null>;

/** Where the sigmoid loss's bias stands in these tests: near enough for every pair to count. */
const BIAS = -1;

/** How a step is made. */
export interface StepRequest {
  readonly batch: number;
  readonly accumulate?: number;
  /** Default: softmax. */
  readonly loss?: keyof typeof LOSSES;
  readonly steps?: number;
  /** Each rank keeps its share of the optimizer's state, in buckets of so many floats. */
  readonly shard?: number;
  readonly clipNorm?: number;
  readonly clipUpdate?: number;
}

/** Gradients after the first step, values after the last, and every loss, of the golden's model. */
export async function runStep(place: RankPlace, request: StepRequest) {
  const golden = readStepGolden();
  const { imageSize, textTokens, vocabulary, embed, layers, patch } = golden.shape;
  const { image, text, ...rest } = FLAVOURS.jax;
  const spec: ModelSpec = {
    ...rest,
    preset: null,
    flavour: "jax",
    embed,
    image: { ...image, ...golden.shape.image, layers, patch },
    text: { ...text, ...golden.shape.text, layers, vocabulary },
  };
  using context = new NativeContext({ threads: 1 });
  const sigmoid = request.loss === "sigmoid";
  using model = new ClipModel(context, { spec, imageSize, textTokens }, {
    logitBias: sigmoid ? BIAS : undefined,
    shard: request.shard === undefined ? undefined : { ...place, bucket: request.shard },
  });
  model.parameters.initialize();
  for (const { name, shape } of model.parameters.specs) {
    if (!(name in golden.parameters)) continue;
    const count = shape.reduce((a, b) => a * b, 1);
    const values = hashedFloats(name, count, ...golden.parameters[name].range);
    model.parameters.get(name).write(values);
  }
  const { batch, accumulate, steps = 1 } = request;
  using step = new TrainStep(model, {
    batch,
    accumulate,
    weightDecay: 0.2,
    clipUpdate: request.clipUpdate,
    average: true,
    ranks: place,
    loss: sigmoid
      ? batchLoss({ loss: { kind: "sigmoid" } }, model)
      : request.loss && LOSSES[request.loss] || undefined,
  });
  const pixels = Uint8Array.from(hashedIntegers("pixels", batch * imageSize ** 2 * 3, 0, 256));
  const ids = hashedIntegers("ids", batch * textTokens, 0, vocabulary);
  const share = <T extends Uint8Array | Int32Array>(all: T) => {
    const length = all.length / place.size;
    return all.subarray(place.rank * length, (place.rank + 1) * length) as T;
  };
  const read = (copy: "gradient" | "value" | "average") =>
    Object.fromEntries(
      model.parameters.specs.map((
        { name },
      ) => [name, [...model.parameters.copy(name, copy).read()]]),
    );
  const losses: number[] = [], norms: number[] = [];
  const hits: (readonly number[])[] = [];
  let gradients: Record<string, number[]> = {};
  for (let i = 0; i < steps; i++) {
    const settings = { ...BENCH_SETTINGS, learningRate: 1e-3, update: i + 1 };
    if (request.clipNorm !== undefined) settings.clipNorm = request.clipNorm;
    const report = await step.run(share(pixels), share(ids), settings);
    losses.push(report.loss);
    norms.push(report.gradientNorm);
    hits.push(report.hits);
    // A rank that has a share of the state keeps no whole gradients.
    if (i === 0 && request.shard === undefined) gradients = read("gradient");
  }
  const bytes = context.memory().bytes;
  return {
    ...{ losses, norms, hits, gradients, values: read("value"), averages: read("average") },
    bytes,
    floats: model.parameters.gradients!.size,
  };
}
