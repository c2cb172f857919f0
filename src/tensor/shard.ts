/** Which share of the optimizer's state this process keeps. */
export interface ShardPlace {
  readonly rank: number;
  readonly size: number;
  /** Most floats of a bucket, see {@linkcode shardBuckets}. */
  readonly bucket?: number;
}

/** A stretch of flat arrays whose gradients travel together; every rank owns an equal part of it. */
export interface ShardBucket {
  /** First float of the bucket in the flat arrays. */
  readonly start: number;
  /** Floats that each rank owns: rank r those from `start + r × part` on. */
  readonly part: number;
  /** Where each rank's part begins in the arrays that hold its own parts alone. */
  readonly at: number;
}

/** Floats of a bucket: large enough for the wire, small enough to start early. */
export const BUCKET_FLOATS = 1 << 18;

// Parts start at multiples of 16 floats, one cache line.
const ALIGN = 16;

/** Floats to which flat arrays are padded, so that ranks can share them equally. */
export function shardAlignment({ size }: ShardPlace): number {
  return ALIGN * size;
}

/**
 * The buckets of flat arrays of `total` floats, in the order of memory.
 *
 * ```ts
 * shardBuckets(96, { rank: 0, size: 2, bucket: 64 });
 * // [{ start: 0, part: 32, at: 0 }, { start: 64, part: 16, at: 32 }]
 * ```
 *
 * @param total A multiple of {@linkcode shardAlignment}.
 */
export function shardBuckets(total: number, place: ShardPlace): ShardBucket[] {
  const unit = shardAlignment(place);
  if (total % unit !== 0) throw new RangeError(`${total} floats are no multiple of ${unit}`);
  const most = Math.max(unit, Math.floor((place.bucket ?? BUCKET_FLOATS) / unit) * unit);
  const buckets: ShardBucket[] = [];
  for (let start = 0; start < total; start += most) {
    const floats = Math.min(most, total - start);
    buckets.push({ start, part: floats / place.size, at: start / place.size });
  }
  return buckets;
}

/** The parts of one rank, from whole flat arrays. */
export function ownParts(
  whole: Float32Array,
  buckets: readonly ShardBucket[],
  rank: number,
  size: number,
): Float32Array<ArrayBuffer> {
  const own = new Float32Array(whole.length / size);
  for (const { start, part, at } of buckets) {
    const from = start + rank * part;
    own.set(whole.subarray(from, from + part), at);
  }
  return own;
}

/** Whole flat arrays, from the parts of all ranks in their order. */
export function joinParts(
  parts: Float32Array,
  buckets: readonly ShardBucket[],
  size: number,
): Float32Array<ArrayBuffer> {
  const whole = new Float32Array(parts.length);
  const each = parts.length / size;
  for (const { start, part, at } of buckets) {
    for (let rank = 0; rank < size; rank++) {
      const from = rank * each + at;
      whole.set(parts.subarray(from, from + part), start + rank * part);
    }
  }
  return whole;
}
