import { FLAVOURS } from "../../src/config/flavours.ts";
import type { ModelSpec } from "../../src/config/model_spec.ts";
import type { RankPlace } from "../../src/dist/collectives.ts";
import { ClipModel } from "../../src/model/clip_model.ts";
import { NativeContext } from "../../src/native/context.ts";
import { BENCH_SETTINGS } from "../../src/run/bench/bench_model.ts";
import { contrastive } from "../../src/tensor/ops/contrastive.ts";
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

/** How a step is made. */
export interface StepRequest {
  readonly batch: number;
  readonly accumulate?: number;
  /** Pass the loss as a function of the whole batch, as a researcher's own loss would be. */
  readonly ownLoss?: boolean;
  readonly steps?: number;
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
  using model = new ClipModel(context, { spec, imageSize, textTokens });
  for (const { name, shape } of model.parameters.specs) {
    const count = shape.reduce((a, b) => a * b, 1);
    const values = hashedFloats(name, count, ...golden.parameters[name].range);
    model.parameters.get(name).write(values);
  }
  const { batch, accumulate, steps = 1 } = request;
  const loss: BatchLoss = (tape, images, texts, scale) => contrastive(tape, images, texts, scale);
  using step = new TrainStep(model, {
    batch,
    accumulate,
    weightDecay: 0.2,
    average: true,
    ranks: place,
    loss: request.ownLoss ? loss : undefined,
  });
  const pixels = Uint8Array.from(hashedIntegers("pixels", batch * imageSize ** 2 * 3, 0, 256));
  const ids = hashedIntegers("ids", batch * textTokens, 0, vocabulary);
  const share = <T extends Uint8Array | Int32Array>(all: T) => {
    const length = all.length / place.size;
    return all.subarray(place.rank * length, (place.rank + 1) * length) as T;
  };
  const read = (copy: "gradient" | "value") =>
    Object.fromEntries(
      model.parameters.specs.map((
        { name },
      ) => [name, [...model.parameters.copy(name, copy).read()]]),
    );
  const losses: number[] = [];
  const hits: (readonly number[])[] = [];
  let gradients: Record<string, number[]> = {};
  for (let i = 0; i < steps; i++) {
    const settings = { ...BENCH_SETTINGS, learningRate: 1e-3, update: i + 1 };
    const report = await step.run(share(pixels), share(ids), settings);
    losses.push(report.loss);
    hits.push(report.hits);
    if (i === 0) gradients = read("gradient");
  }
  return { losses, hits, gradients, values: read("value") };
}
