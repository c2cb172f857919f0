/**
 * The thread of a {@linkcode CheckpointWriter}: gets a checkpoint, saves it, hands its memory back.
 *
 * @module
 */
import { workerScope } from "../config/worker_scope.ts";
import { saveCheckpoint } from "./checkpoint_store.ts";

/** A checkpoint on its way to the thread. */
export interface SaveRequest {
  readonly dir: string;
  readonly name: string;
  readonly keep: number;
  /** Names of others that stay. */
  readonly spare: readonly string[];
  readonly state: unknown;
  /** Memory of all tensors, handed over. */
  readonly buffer: ArrayBuffer;
  readonly tensors: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    /** In bytes. */
    readonly offset: number;
    /** In numbers. */
    readonly length: number;
  }[];
}

/** What the thread answers. */
export interface SaveReply {
  /** The memory of the request. */
  readonly buffer: ArrayBuffer;
  /** Null when the checkpoint is on disk. */
  readonly error: string | null;
}

const scope = workerScope<SaveRequest, SaveReply>();

scope.onmessage = ({ data }) => {
  const { dir, name, keep, spare, state, buffer, tensors } = data;
  let error: string | null = null;
  try {
    const list = tensors.map(({ name, shape, offset, length }) => ({
      name,
      shape,
      data: new Float32Array(buffer, offset, length),
    }));
    saveCheckpoint(dir, name, { tensors: list, state }, keep, spare);
  } catch (cause) {
    error = cause instanceof Error ? cause.message : String(cause);
  }
  scope.postMessage({ buffer, error }, [buffer]);
};
