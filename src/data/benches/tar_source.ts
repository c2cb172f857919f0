import { basename } from "node:path";
import { readTar, type ShardSample } from "../shards/read_tar.ts";
import { pictureOf } from "../shards/sample_parts.ts";
import type { BenchPart, BenchSource } from "./bench_source.ts";
import { fileStamp } from "./file_source.ts";

/**
 * Webdataset tars as a source: each shard is finished by itself.
 *
 * @param read The class index or the captions of a sample; a SyntaxError leaves the sample out.
 */
export function tarSource<Part>(
  name: string,
  shards: readonly string[],
  read: (sample: ShardSample) => Part,
): BenchSource<Part> {
  return { name, parts: shards.map((shard) => tarPart(shard, read)) };
}

function tarPart<Part>(shard: string, read: (sample: ShardSample) => Part): BenchPart<Part> {
  return {
    name: basename(shard),
    stamp: () => fileStamp(shard),
    async count() {
      let n = 0;
      for await (const _ of readTar(shard, { onBroken: () => n++ })) n++;
      return n;
    },
    async *pictures(onBroken) {
      const onTar = ({ key, at, reason }: { key: string; at: number; reason: string }) =>
        onBroken(key, `broken sample: ${reason}, at byte ${at}`);
      for await (const sample of readTar(shard, { onBroken: onTar })) {
        let part: Part, picture: Uint8Array;
        try {
          part = read(sample);
          picture = pictureOf(sample);
        } catch (error) {
          if (error instanceof SyntaxError) {
            onBroken(sample.key, error.message);
            continue;
          }
          if (error instanceof Error) error.message = `${shard}, ${sample.key}: ${error.message}`;
          throw error;
        }
        yield { key: sample.key, part, bytes: () => picture };
      }
    },
  };
}
