import type { StreamRecipe } from "../../src/config/recipe.ts";
import { STREAM_DEFAULTS } from "../../src/config/recipe_defaults.ts";
import type { StreamLoaderOptions } from "../../src/data/stream/stream_loader.ts";
import { philox } from "../../src/tensor/random.ts";
import { grayPng, type SampleFiles, writeShard } from "./shard_fixture.ts";

/** Samples of a shard of {@linkcode writeStreamShards}. */
export const PER_SHARD = 14;

/** A picture of noise; no two are alike. */
export function noisePng(number: number, width = 9 + number % 7, height = 8 + number % 5) {
  const pixels = Uint8Array.from(
    { length: width * height },
    (_, at) => philox(number, at, 0, 0, 0, 0)[0],
  );
  return grayPng(width, height, pixels);
}

/**
 * Shards of small pictures of different sides, `s<shard>-<i>` with a caption each.
 *
 * @param change What becomes of a sample's files.
 */
export function writeStreamShards(
  dir: string,
  shards: number,
  change: (files: SampleFiles, number: number) => SampleFiles = (files) => files,
): string[] {
  return Array.from({ length: shards }, (_, shard) => {
    const path = `${dir}/${String(shard).padStart(3, "0")}.tar`;
    const samples = Object.fromEntries(
      Array.from({ length: PER_SHARD }, (_, i) => {
        const number = shard * PER_SHARD + i;
        const files = { png: noisePng(number), txt: `sign number ${number} of many` };
        return [`s${shard}-${i}`, change(files, number)];
      }),
    );
    writeShard(path, samples);
    return path;
  });
}

/** A stream with the defaults of a recipe. */
export function streamRecipe(changes: Partial<StreamRecipe> = {}): StreamRecipe {
  return { ...STREAM_DEFAULTS, buffer: 20, maxBroken: 0.5, ...changes };
}

/** Options with a tokenizer whose ids are character codes, framed by 1 and padded by 0. */
export function loaderOptions(
  shards: readonly string[],
  changes: Partial<StreamLoaderOptions> = {},
): StreamLoaderOptions {
  return {
    shards,
    stream: streamRecipe(),
    coder: {
      encodeIds: (text) => [...text].map((char) => char.charCodeAt(0)),
      room: (length) => length - 1,
      frame: (ids, length, out, at) =>
        out.set([1, ...ids, ...Array(length).fill(0)].slice(0, length), at),
    },
    shorten: (ids, room) => ids.slice(-room),
    batch: 6,
    size: 8,
    filter: "bilinear",
    textTokens: 12,
    augment: {
      area: [0.4, 1],
      aspect: [3 / 4, 4 / 3],
      inkPaper: 0.5,
      invert: 0.2,
      jitter: { probability: 0.3, strength: 0.4 },
      gray: 0.2,
      flip: 0.5,
    },
    seed: 7,
    workers: 2,
    ...changes,
  };
}
