import type { Checkpoint } from "../checkpoint/checkpoint_store.ts";
import type { StoredTensor } from "../checkpoint/safetensors.ts";
import type { LoaderCursor } from "../data/loader/sample_order.ts";
import type { ClipModel } from "../model/clip_model.ts";
import type { ParameterCopy } from "../tensor/parameter_store.ts";

/** What a stage did. */
export interface StageResult {
  readonly name: string;
  readonly samples: number;
  /** Training only. */
  readonly seconds: number;
  /** Mean loss of the last tenth of the steps. */
  readonly loss: number;
}

/** Where a run stands; with the arrays of a checkpoint enough to go on exactly. */
export interface RunState {
  /** SHA-256 of the recipe. */
  readonly recipe: string;
  /** Index of the stage. */
  readonly stage: number;
  /** Steps done in this stage. */
  readonly step: number;
  readonly cursor: LoaderCursor;
  /** Seconds of training in this stage so far. */
  readonly seconds: number;
  /** Seconds of those spent waiting for data. */
  readonly waited: number;
  /** Losses of the last tenth of the stage so far. */
  readonly tail: readonly number[];
  /** Finished stages. */
  readonly done: readonly StageResult[];
}

const COPIES: readonly ParameterCopy[] = ["value", "m", "v", "average"];

/** All arrays of a model in training, named `copy/parameter`. */
export function modelArrays(model: ClipModel): StoredTensor[] {
  return COPIES.flatMap((copy) =>
    model.parameters.specs.map(({ name, shape }) => ({
      name: `${copy}/${name}`,
      shape,
      data: model.parameters.copy(name, copy).read(),
    }))
  );
}

/**
 * Puts the arrays of a checkpoint into a model of the same shape.
 *
 * @throws {SyntaxError} naming the first array that is missing or of another shape.
 */
export function restoreArrays(model: ClipModel, { tensors }: Checkpoint<unknown>): void {
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
      model.parameters.copy(name, copy).write(tensor.data);
    }
  }
}
