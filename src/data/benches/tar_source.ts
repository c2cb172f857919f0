import { basename } from "node:path";
import { readTar, type ShardSample } from "../shards/read_tar.ts";
import { pictureOf } from "../shards/sample_parts.ts";
import type { BenchPart, BenchSource } from "./bench_source.ts";
import { fileStamp } from "./file_source.ts";

/**
 * Webdataset tars as a source: each shard is finished by itself.
 *
 * @param read The class index or the captions of a sample; null for one that takes no part. A SyntaxError
 * leaves the sample out as broken; any other error ends the work, at the count before anything is embedded.
 */
export function tarSource<Part>(
  name: string,
  shards: readonly string[],
  read: (sample: ShardSample) => Part | null,
): BenchSource<Part> {
  return { name, parts: shards.map((shard) => tarPart(shard, read)) };
}

function tarPart<Part>(
  shard: string,
  read: (sample: ShardSample) => Part | null,
): BenchPart<Part> {
  return {
    name: basename(shard),
    stamp: () => fileStamp(shard),
    async count() {
      let n = 0;
      for await (const sample of readTar(shard, { onBroken: () => n++ })) {
        const found = readPart(shard, sample, read);
        if (found.part !== null) n++;
      }
      return n;
    },
    async *pictures(onBroken) {
      const onTar = ({ key, at, reason }: { key: string; at: number; reason: string }) =>
        onBroken(key, `broken sample: ${reason}, at byte ${at}`);
      for await (const sample of readTar(shard, { onBroken: onTar })) {
        const { part, fault } = readPart(shard, sample, read);
        if (part === null) continue;
        const picture = fault === null ? pictureBytes(sample) : fault;
        if (picture instanceof Error) onBroken(sample.key, picture.message);
        else yield { key: sample.key, part: part as Part, bytes: () => picture };
      }
    },
  };
}

/** What `read` gives: a part, null, or no part and why. */
function readPart<Part>(
  shard: string,
  sample: ShardSample,
  read: (sample: ShardSample) => Part | null,
): { part: Part | null | undefined; fault: SyntaxError | null } {
  try {
    return { part: read(sample), fault: null };
  } catch (error) {
    if (error instanceof SyntaxError) return { part: undefined, fault: error };
    if (error instanceof Error) error.message = `${shard}, ${sample.key}: ${error.message}`;
    throw error;
  }
}

function pictureBytes(sample: ShardSample): Uint8Array | SyntaxError {
  try {
    return pictureOf(sample);
  } catch (error) {
    if (error instanceof SyntaxError) return error;
    throw error;
  }
}
