import { mix32 } from "../loader/permutation.ts";

/**
 * Where a sample of a stream stands: the epoch that shows it, the number of its shard in the list, its
 * first byte and its bytes. Enough to read it again. Plain JSON.
 */
export type SampleRef = readonly [epoch: number, shard: number, at: number, bytes: number];

/** A sample that waits, with the batches it was put off from. */
export type WaitingRef = readonly [...SampleRef, waits: number];

/** A sample in memory. */
export interface StreamSample {
  readonly ref: SampleRef;
  /** `shard:key`, for messages. */
  readonly key: string;
  /** Captions by the field that they come from; no field is empty. */
  readonly captions: readonly (readonly string[])[];
  /** The picture file; null when it is read again for its turn. */
  readonly picture: Uint8Array | null;
}

/**
 * What a sample counts as where random numbers are drawn: its place, so that an epoch shows it with
 * the same crop and caption wherever it stands in the order.
 */
export function drawRow([_epoch, shard, at]: SampleRef): number {
  return mix32(mix32(mix32(shard + 0x9e3779b9) ^ Math.floor(at / 2 ** 32)) ^ (at >>> 0));
}
