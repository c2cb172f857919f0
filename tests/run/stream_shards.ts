import { grayPng, writeShard } from "../data/shard_fixture.ts";
import { philox } from "../../src/tensor/random.ts";

/** What {@linkcode writeTrainShards} writes. */
export interface ShapeOfShards {
  shards?: number;
  perShard?: number;
}

/** Shards of noise with a name each; one picture in eight is cut, one sample in eleven has no caption. */
export function writeTrainShards(
  dir: string,
  { shards = 4, perShard = 16 }: ShapeOfShards = {},
): void {
  Deno.mkdirSync(`${dir}/shards`);
  for (let shard = 0; shard < shards; shard++) {
    const samples = Object.fromEntries(
      Array.from({ length: perShard }, (_, i) => {
        const number = shard * perShard + i;
        const pixels = Uint8Array.from(
          { length: 400 },
          (_, at) => philox(number, at, 0, 0, 0, 0)[0],
        );
        const png = grayPng(20, 20, pixels);
        const whole = number % 8 !== 5;
        return [`s${shard}-${i}`, {
          png: whole ? png : png.slice(0, 200),
          ...(number % 11 === 3 ? {} : { txt: `sign ${shard} number ${i}` }),
        }];
      }),
    );
    writeShard(`${dir}/shards/${String(shard).padStart(3, "0")}.tar`, samples);
  }
}

/** A recipe of two stages that reads these shards as a stream. */
export function streamTrainRecipe(shards: string, changes: Record<string, unknown> = {}) {
  const stage = { batch: 24, lr: 2e-3, warmup: { share: 0.1 } };
  return {
    name: "stream",
    data: { shards, stream: { buffer: 30, maxBroken: 0.5 } },
    model: {
      preset: "laptop-w48",
      image: { layers: 1, patch: 4 },
      text: { layers: 1, vocabulary: 300 },
    },
    stages: [
      { ...stage, name: "short", samples: 240, image: { size: 8 }, text: { tokens: 4 } },
      { ...stage, name: "full", samples: 96, image: { size: 16 }, text: { tokens: 6 } },
    ],
    checkpoint: { everySteps: 3, keep: 2 },
    ...changes,
  };
}
