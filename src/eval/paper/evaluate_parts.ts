import type { SkippedReason } from "../../data/bake/skipped_samples.ts";
import type { BenchPart, BenchSource } from "../../data/benches/bench_source.ts";
import { BrokenPictures } from "./broken_pictures.ts";
import type { StoredPart } from "./partial_store.ts";
import type { SourceOptions } from "./source_options.ts";

/** What is done with one part of a benchmark, and how its result is kept. */
export interface PartWork<Part, Own extends { readonly skipped: readonly SkippedReason[] }> {
  make(part: BenchPart<Part>, onPictures: (pictures: number) => void): Promise<Own>;
  pack(own: Own): StoredPart;
  unpack(kept: StoredPart): Own;
  /** Pictures that were evaluated. */
  pictures(own: Own): number;
}

/**
 * Works through the parts of a benchmark in order; those that an earlier call finished are read from
 * the store.
 *
 * @param total Samples of all parts, for the progress.
 */
export async function evaluateParts<
  Part,
  Own extends { readonly skipped: readonly SkippedReason[] },
>(
  source: BenchSource<Part>,
  total: number,
  { signal, store, onProgress }: SourceOptions,
  work: PartWork<Part, Own>,
): Promise<{ parts: Own[]; broken: BrokenPictures }> {
  const broken = new BrokenPictures();
  const parts: Own[] = [];
  let done = 0, before = 0;
  for (const [number, part] of source.parts.entries()) {
    signal?.throwIfAborted();
    const kept = store?.read(String(number), part.stamp()) ?? null;
    const base = done;
    const own = kept !== null
      ? work.unpack(kept)
      : await work.make(part, (pictures) => onProgress?.(base + pictures, total, before));
    if (kept === null) store?.write(String(number), part.stamp(), work.pack(own));
    parts.push(own);
    broken.addAll(own.skipped);
    const seen = work.pictures(own) + own.skipped.reduce((sum, { count }) => sum + count, 0);
    done += seen;
    if (kept !== null) before += seen;
    onProgress?.(done, total, before);
  }
  return { parts, broken };
}
