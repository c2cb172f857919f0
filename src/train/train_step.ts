import {
  finishGradientSums,
  gatherRows,
  type RankPlace,
  startGradientSums,
  sumOverRanks,
} from "../dist/collectives.ts";
import { shardedAdamw } from "../dist/sharded_update.ts";
import type { ClipModel } from "../model/clip_model.ts";
import { FixedTensor } from "../tensor/fixed_tensor.ts";
import { contrastive } from "../tensor/ops/contrastive.ts";
import { adamw, averageWeights, clampLogitScale } from "../tensor/ops/optimizer.ts";
import type { Program } from "../tensor/program.ts";
import { Tape } from "../tensor/tape.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { NativeBuffer, NativeContext } from "../native/context.ts";
import { OpKind } from "../native/op_kinds.ts";
import { StepBlock, type StepReport, type StepSettings } from "./step_block.ts";

/** The rows of a batch that this rank owns; alone those of the whole batch. */
export interface OwnRows {
  /** The first of them among those of all ranks. */
  readonly offset: number;
  readonly count: number;
  /** [count, embed] The same rows of the features, before they were gathered. */
  readonly image: Tensor;
  readonly text: Tensor;
}

/** What a {@linkcode BatchLoss} returns. */
export interface BatchLossResult {
  /** [1] */
  readonly loss: Tensor;
  /** [2] Images and captions whose partner scored highest. */
  readonly hits?: Tensor;
  /**
   * True when loss and hits are those of the own rows alone, so that the ranks' add up to those of the
   * batch: no rank then does the work of another. Default: every rank computes the whole loss.
   */
  readonly share?: boolean;
}

/** Makes a scalar loss from the features of a whole batch, [batch, embed] each. */
export type BatchLoss = (
  tape: Tape,
  image: Tensor,
  text: Tensor,
  logitScale: Tensor,
  own: OwnRows,
) => BatchLossResult;

const SOFTMAX: BatchLoss = (tape, image, text, logitScale, own) => ({
  ...contrastive(tape, image, text, logitScale, own),
  share: true,
});

/** Options of {@linkcode TrainStep}. */
export interface TrainStepOptions {
  /** Pairs in one softmax, those of all ranks together. */
  readonly batch: number;
  /** Which of several ranks this is; each has an equal share of the batch. Default alone. */
  readonly ranks?: RankPlace;
  /** Parts in which this rank's share of the batch goes through the towers; divides it. */
  readonly accumulate?: number;
  /** Patches of each picture that the image tower sees; default all. */
  readonly kept?: number;
  /** Decoupled weight decay. */
  readonly weightDecay: number;
  /** Clips updates, see {@linkcode adamw}. */
  readonly clipUpdate?: number;
  /** Keep a weight average. */
  readonly average?: boolean;
  /** Default: symmetric InfoNCE. */
  readonly loss?: BatchLoss;
}

/** What a step reports. */
export interface TrainReport extends StepReport {
  readonly loss: number;
  /** Share of images, and of captions, whose partner in the batch scored highest. */
  readonly hits: readonly [image: number, text: number];
}

/**
 * One optimizer step of a model as programs on its device.
 *
 * With `accumulate` > 1 the towers see one part of the batch at a time, yet the gradient is exactly
 * that of the whole batch: features of all parts first, then the loss over all of them, then each
 * part again with the gradient of its features (cached-feature accumulation, Gao et al. 2021).
 *
 * With several ranks each sends its own pairs through the towers, the features of all are gathered,
 * each rank takes the rows of its own pairs against all columns, and the sums over the ranks give
 * the gradient of the whole batch.
 */
export class TrainStep implements Disposable {
  readonly batch: number;
  readonly #parts: number;
  /** Pairs of this rank. */
  readonly #local: number;
  readonly #ranks: RankPlace | null;
  readonly #step: StepBlock;
  readonly #context: NativeContext;
  readonly #pixels: FixedTensor;
  readonly #ids: FixedTensor;
  readonly #kept: FixedTensor | undefined;
  readonly #owned: Disposable[] = [];
  readonly #programs: Programs;

  constructor(model: ClipModel, options: TrainStepOptions) {
    const { batch, accumulate = 1, kept } = options;
    const size = options.ranks?.size ?? 1;
    if (batch % (accumulate * size) !== 0) {
      const among = size === 1 ? "" : ` among ${size} ranks`;
      throw new RangeError(`accumulate ${accumulate} does not divide the batch ${batch}${among}`);
    }
    const { context, shape, parameters: { shard } } = model;
    if (shard && (shard.size !== size || shard.rank !== options.ranks!.rank)) {
      throw new TypeError(
        `the model keeps share ${shard.rank} of ${shard.size} of the optimizer's state, the step is ` +
          `for rank ${options.ranks?.rank ?? 0} of ${size}`,
      );
    }
    this.#ranks = size === 1 ? null : options.ranks!;
    this.#local = batch / size;
    const part = this.#local / accumulate;
    this.batch = batch;
    this.#parts = accumulate;
    this.#context = context;
    this.#step = this.#own(new StepBlock(context));
    const pixels = [part, shape.imageSize, shape.imageSize, 3];
    this.#pixels = this.#own(new FixedTensor(context, pixels, { dtype: "u8" }));
    this.#ids = this.#own(new FixedTensor(context, [part, shape.textTokens], { dtype: "i32" }));
    if (kept !== undefined) {
      this.#kept = this.#own(new FixedTensor(context, [part, kept], { dtype: "i32" }));
    }
    this.#programs = accumulate === 1
      ? this.#wholeBatch(model, options)
      : this.#inParts(model, options);
  }

  /** Bytes that the programs need for intermediate values. */
  get arenaBytes(): number {
    const arenas = new Map(this.#all().map((program) => [program.arena, program.arenaBytes]));
    return [...arenas.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  /**
   * Runs a step.
   *
   * @param pixels u8 [batch, size, size, 3], or a buffer of the model's context that holds them; with
   *   several ranks this rank's share, as the rest
   * @param ids [batch, textTokens]
   * @param kept [batch, kept] Numbers of the patches that stay; given exactly when the step has `kept`.
   */
  async run(
    pixels: Uint8Array | NativeBuffer,
    ids: Int32Array,
    settings: StepSettings,
    kept?: Int32Array,
  ): Promise<TrainReport> {
    if ((kept === undefined) !== (this.#kept === undefined)) {
      throw new TypeError(
        `kept patches: seen ${kept === undefined ? "none" : kept.length}; allowed: ` +
          `${
            this.#kept === undefined
              ? "none, the step sees all"
              : "[batch, kept], as the step was made"
          }`,
      );
    }
    this.#step.write(settings);
    const { forward, loss, backward, update } = this.#programs;
    const load = (part: number) => {
      if (pixels instanceof Uint8Array) this.#pixels.write(slice(pixels, part, this.#parts));
      else this.#takePixels(pixels, part);
      this.#ids.write(slice(ids, part, this.#parts));
      if (kept) this.#kept?.write(slice(kept, part, this.#parts));
    };
    for (let part = 0; part < forward.length; part++) {
      load(part);
      await forward[part].run();
    }
    if (forward.length === 0) load(0);
    await loss.run();
    for (let part = 0; part < backward.length; part++) {
      load(part);
      await backward[part].run();
    }
    await update?.run();
    const hits = this.#programs.hits?.read() ?? [NaN, NaN];
    return {
      ...this.#step.read(),
      loss: this.#programs.value.read()[0],
      hits: [hits[0] / this.batch, hits[1] / this.batch],
    };
  }

  /** Time per op kind, as {@linkcode Program.profile}, of all programs of the step. */
  profile(): ReturnType<Program["profile"]> {
    return this.#all().flatMap((program) => program.profile());
  }

  [Symbol.dispose](): void {
    for (const program of this.#all()) program[Symbol.dispose]();
    for (const owned of this.#owned) owned[Symbol.dispose]();
  }

  /** Copies a part of the pictures within the device. */
  #takePixels(from: NativeBuffer, part: number): void {
    const { buffer, offset, bytes } = this.#pixels.storage;
    if (bytes % 4 !== 0) {
      this.#pixels.write(from.read(part * bytes, new Uint8Array(bytes)));
      return;
    }
    this.#context.execute([{
      kind: OpKind.COPY,
      dims: [bytes / 4],
      operands: [
        { buffer: from.handle, offset: part * bytes, bytes },
        { buffer: buffer!.handle, offset, bytes },
      ],
    }]);
  }

  #wholeBatch(model: ClipModel, options: TrainStepOptions): Programs {
    const tape = new Tape(model.context);
    const [image, text] = this.#embed(model, tape);
    const { loss, hits } = this.#loss(tape, model, options, image, text);
    if (this.#ranks) startGradientSums(tape, model.parameters);
    this.#update(tape, model, options, loss);
    return { forward: [], loss: tape.compile(), backward: [], value: loss, hits };
  }

  #inParts(model: ClipModel, options: TrainStepOptions): Programs {
    const { context, parameters } = model;
    const embed = model.shape.spec.embed;
    const part = this.#local / this.#parts;
    const bank = () => this.#own(new FixedTensor(context, [this.#local, embed]));
    const banks = { image: bank(), text: bank(), dimage: bank(), dtext: bank() };
    const forward: Program[] = [];
    const backward: Program[] = [];
    for (let i = 0; i < this.#parts; i++) {
      const rows = (tensor: FixedTensor) => tensor.rows(i * part, part);
      const back = new Tape(context);
      back.accumulateInto(parameters.values());
      const [image, text] = this.#embed(model, back);
      back.backward([image, rows(banks.dimage)], [text, rows(banks.dtext)]);
      const last = i === this.#parts - 1;
      if (last && this.#ranks) startGradientSums(back, parameters);
      backward.push(back.compile(backward[0]));

      const ahead = new Tape(context);
      const features = this.#embed(model, ahead);
      copy(ahead, features[0], rows(banks.image));
      copy(ahead, features[1], rows(banks.text));
      forward.push(ahead.compile(backward[0]));
    }

    const tape = new Tape(context);
    const gradients = parameters.gradients!;
    tape.emit(OpKind.FILL, { dims: [gradients.size], scalars: [0] }, [], [gradients]);
    tape.accumulateInto(parameters.values());
    const image = differentiable(banks.image);
    const text = differentiable(banks.text);
    const { loss, hits } = this.#loss(tape, model, options, image, text);
    copy(tape, tape.gradientOf(image)!, banks.dimage);
    copy(tape, tape.gradientOf(text)!, banks.dtext);

    // Compiled first: the update reads the loss where this program leaves it.
    const whole = tape.compile();
    const last = new Tape(context);
    this.#update(last, model, options, loss);
    return {
      forward,
      loss: whole,
      backward,
      update: last.compile(),
      value: loss,
      hits,
    };
  }

  /** Loss and hits of the whole batch, and the backward pass from there. */
  #loss(tape: Tape, model: ClipModel, options: TrainStepOptions, image: Tensor, text: Tensor) {
    const logitScale = model.parameters.get("logit_scale");
    const ranks = this.#ranks;
    const own = { offset: (ranks?.rank ?? 0) * this.#local, count: this.#local, image, text };
    const images = ranks ? gatherRows(tape, image, ranks) : image;
    const texts = ranks ? gatherRows(tape, text, ranks) : text;
    const found = (options.loss ?? SOFTMAX)(tape, images, texts, logitScale, own);
    const summed = ranks !== null && found.share === true;
    const loss = summed ? sumOverRanks(tape, found.loss, 0) : found.loss;
    const hits = summed && found.hits ? sumOverRanks(tape, found.hits, 1) : found.hits;
    tape.retain(loss);
    if (hits) tape.retain(hits);
    // The ranks' gradients are added up: where every rank has the whole loss, each gives a part of it.
    tape.backward([found.loss, ranks === null || summed ? 1 : 1 / ranks.size]);
    return { loss, hits };
  }

  /** Features of pictures and of texts, the towers beside each other where the device has streams. */
  #embed(model: ClipModel, tape: Tape): [image: Tensor, text: Tensor] {
    return tape.beside(
      () => model.embedImages(tape, this.#pixels, { kept: this.#kept }),
      () => model.embedTexts(tape, this.#ids),
    );
  }

  #update(tape: Tape, model: ClipModel, options: TrainStepOptions, loss: Tensor): void {
    const { parameters } = model;
    if (this.#ranks) finishGradientSums(tape, parameters);
    const { weightDecay, clipUpdate } = options;
    const step = this.#step.tensor;
    if (parameters.shard) {
      const scratch = (shape: readonly number[]) =>
        this.#own(new FixedTensor(model.context, shape));
      shardedAdamw(tape, parameters, step, scratch, weightDecay, { loss, clipUpdate });
    } else {
      adamw(tape, parameters, step, weightDecay, { loss, clipUpdate });
    }
    clampLogitScale(tape, parameters.get("logit_scale"), this.#step.tensor);
    if (options.average) averageWeights(tape, parameters, this.#step.tensor);
  }

  #all(): Program[] {
    const { forward, loss, backward, update } = this.#programs;
    return [...forward, loss, ...backward, ...(update ? [update] : [])];
  }

  #own<T extends Disposable>(owned: T): T {
    this.#owned.push(owned);
    return owned;
  }
}

interface Programs {
  readonly forward: Program[];
  readonly loss: Program;
  readonly backward: Program[];
  readonly update?: Program;
  readonly value: Tensor;
  readonly hits?: Tensor;
}

// Features that a loss shall differentiate with respect to: the same memory, a leaf of the tape.
function differentiable(features: FixedTensor): Tensor {
  return new Tensor(features.shape, features.storage, { requiresGradient: true });
}

function copy(tape: Tape, from: Tensor, to: Tensor): void {
  tape.emit(OpKind.COPY, { dims: [from.size] }, [from], [to]);
}

function slice<T extends Uint8Array | Int32Array>(all: T, part: number, parts: number): T {
  const length = all.length / parts;
  return all.subarray(part * length, (part + 1) * length) as T;
}
