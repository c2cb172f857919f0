import type { Checkpoint } from "../checkpoint/checkpoint_store.ts";
import type { StoredTensor } from "../checkpoint/safetensors.ts";
import type { LoaderCursor } from "../data/loader/sample_order.ts";
import type { StreamCursor } from "../data/stream/sample_stream.ts";
import type { StreamCounts } from "../data/stream/stream_counts.ts";
import type { ClipModel } from "../model/clip_model.ts";
import type { SpikeState } from "../train/spike_guard.ts";
import type { StepSums } from "../train/step_mean.ts";
import { elementCount } from "../tensor/tensor.ts";
import type { ParameterCopy } from "../tensor/parameter_store.ts";

/** What a stage did. */
export interface StageResult {
  readonly name: string;
  readonly samples: number;
  /** Training only. */
  readonly seconds: number;
  /** Mean loss of the last tenth of the steps; steps without a finite loss do not count. */
  readonly loss: number;
  /** What a stream read and left out; pictures are those that rank 0 decoded. */
  readonly data?: StreamCounts;
}

/** Where a run stands; with the arrays of a checkpoint enough to go on exactly. */
export interface RunState {
  /** SHA-256 of the recipe. */
  readonly recipe: string;
  /** Index of the stage. */
  readonly stage: number;
  /** Steps done in this stage. */
  readonly step: number;
  /** Null at the start of the stage. */
  readonly cursor: LoaderCursor | StreamCursor | null;
  /** Seconds of training in this stage so far. */
  readonly seconds: number;
  /** Seconds of those spent waiting for data. */
  readonly waited: number;
  /** Finite losses of the last tenth of the stage so far. */
  readonly tail: readonly number[];
  /** Seconds that saving has kept the training waiting in this stage. */
  readonly stalled?: number;
  /** What the guard against spikes remembers; absent where a recipe has none. */
  readonly guard?: SpikeState;
  /** The means that the next line of metrics goes on with; absent in earlier versions. */
  readonly mean?: StepSums;
  /** What computed the arrays; absent in checkpoints of earlier versions. */
  readonly library?: LibraryIdentity;
  /** Finished stages. */
  readonly done: readonly StageResult[];
}

/** What computes: two libraries of one build give the same bits. */
export interface LibraryIdentity {
  /** ABI version of the native library. */
  readonly abi: number;
  /** SHA-256 of the library's file. */
  readonly build: string;
  /** Version of the kit. */
  readonly kit: string;
}

/** Both moments of all parameters in the order of their memory, padding included. */
export interface WholeMoments {
  readonly m: Float32Array<ArrayBuffer>;
  readonly v: Float32Array<ArrayBuffer>;
}

const COPIES: readonly ParameterCopy[] = ["value", "m", "v", "average"];

/**
 * A copy of all arrays of a model in training, named `copy/parameter`, in one buffer.
 *
 * @param spare Memory to copy into; used when it has the right size.
 * @param moments Of all ranks, where the model keeps a share of them.
 */
export function modelArrays(
  model: ClipModel,
  spare: ArrayBuffer | null = null,
  moments: WholeMoments | null = null,
): StoredTensor[] {
  const { parameters } = model;
  const { specs, count } = parameters;
  const bytes = 4 * count * COPIES.length;
  const buffer = spare?.byteLength === bytes ? spare : new ArrayBuffer(bytes);
  let at = 0;
  return COPIES.flatMap((copy) =>
    specs.map(({ name, shape }) => {
      const data = new Float32Array(buffer, at, elementCount(shape));
      if (moments && (copy === "m" || copy === "v")) {
        data.set(parameters.within(name, moments[copy]));
      } else parameters.copy(name, copy).readInto(data);
      at += data.byteLength;
      return { name: `${copy}/${name}`, shape, data };
    })
  );
}

/**
 * Puts the arrays of a checkpoint into a model of the same shape.
 *
 * @returns The moments, where the model keeps a share of them: for {@linkcode shareModel}.
 * @throws {SyntaxError} naming the first array that is missing or of another shape.
 */
export function restoreArrays(
  model: ClipModel,
  { tensors }: Checkpoint<unknown>,
): WholeMoments | null {
  const { shard, gradients } = model.parameters;
  const whole = shard && {
    m: new Float32Array(gradients!.size),
    v: new Float32Array(gradients!.size),
  };
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const copies = model.parameters.gradients ? COPIES : (["value"] as const);
  for (const copy of copies) {
    for (const { name, shape } of model.parameters.specs) {
      const tensor = byName.get(`${copy}/${name}`);
      if (!tensor || tensor.shape.join() !== shape.join()) {
        throw new SyntaxError(
          `the checkpoint has ${copy}/${name} as [${
            tensor?.shape ?? "missing"
          }], the model needs ` +
            `[${shape}]; it belongs to another recipe`,
        );
      }
      if (whole && (copy === "m" || copy === "v")) {
        model.parameters.within(name, whole[copy]).set(tensor.data);
      } else model.parameters.copy(name, copy).write(tensor.data);
    }
  }
  return whole;
}
