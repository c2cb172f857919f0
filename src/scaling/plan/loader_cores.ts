import type { StageRecipe } from "../../config/stage_recipe.ts";

/** What a core of the loader does, for {@linkcode loaderNeed}. */
export interface LoaderRates {
  /** Core seconds of a picture from a shard, whatever its size in training. */
  readonly secondsPerPicture: number;
  /** Core seconds more for each pixel that training sees. */
  readonly secondsPerPixel: number;
  /** Core seconds of a picture from baked records for each pixel that training sees. */
  readonly bakedSecondsPerPixel: number;
  readonly source: string;
}

/**
 * As `decode.core.112` (437 pictures/s), `decode.core.224` (310) and `shards.baked.images` (90,399 at 64
 * px on two threads) were measured on a Xeon of two cores: JPEGs of 400 x 300 from tars, CLIP's tokenizer. The first two by
 * the processor's time, while other programs ran.
 */
export const MEASURED_RATES: LoaderRates = ratesOf(437, 310, 90_399 / 2);

/** Rates from measured pictures/s of a core: from shards at 112 and 224 px, from records at 64 px. */
export function ratesOf(at112: number, at224: number, bakedAt64: number): LoaderRates {
  const secondsPerPixel = (1 / at224 - 1 / at112) / (224 ** 2 - 112 ** 2);
  return {
    secondsPerPicture: 1 / at112 - 112 ** 2 * secondsPerPixel,
    secondsPerPixel,
    bakedSecondsPerPixel: 1 / (bakedAt64 * 64 ** 2),
    source: "decode.core and shards.baked.images of deno task bench, JPEGs of 400 x 300",
  };
}

/** Cores that keep the devices of a stage fed. */
export interface LoaderNeed {
  /** Pairs that all devices together take in a second. */
  readonly pairsPerSecond: number;
  /** Pictures that a core prepares in a second from shards, decoding JPEG. */
  readonly picturesPerCore: number;
  /** Cores that decode while training, with `data.stream`. */
  readonly streamCores: number;
  /** Cores that read records which were baked before. */
  readonly bakedCores: number;
}

/**
 * How many cores a stage's pictures take, beside the training itself. Shards are read by every rank, so
 * the cores are those of all ranks together.
 *
 * @param decodeRate Pictures/s of a core from shards, where it was measured; else reckoned.
 *
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const need = loaderNeed({ image: { size: 112 } }, 4370);
 * assert.equal(Math.round(need.streamCores), 10);
 * ```
 */
export function loaderNeed(
  { image: { size } }: { readonly image: Pick<StageRecipe["image"], "size"> },
  pairsPerSecond: number,
  decodeRate?: number,
  rates: LoaderRates = MEASURED_RATES,
): LoaderNeed {
  const picturesPerCore = decodeRate ??
    1 / (rates.secondsPerPicture + size ** 2 * rates.secondsPerPixel);
  return {
    pairsPerSecond,
    picturesPerCore,
    streamCores: pairsPerSecond / picturesPerCore,
    bakedCores: pairsPerSecond * size ** 2 * rates.bakedSecondsPerPixel,
  };
}
