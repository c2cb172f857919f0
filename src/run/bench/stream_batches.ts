import { RECIPE_DEFAULTS, STAGE_DEFAULTS, STREAM_DEFAULTS } from "../../config/recipe_defaults.ts";
import { StreamLoader, type StreamLoaderOptions } from "../../data/stream/stream_loader.ts";
import type { NativeContext } from "../../native/context.ts";
import { openNamedTokenizer } from "../../text/named_tokenizer.ts";

/** What {@linkcode streamBatches} reads, and how. */
export interface StreamBatches
  extends
    Pick<StreamLoaderOptions, "shards" | "size" | "batch">,
    Partial<
      Pick<
        StreamLoaderOptions,
        "workers" | "prefetch" | "decode" | "share" | "indexDir" | "open"
      >
    > {
  /** Samples in the shuffle buffer; default 64. */
  readonly buffer?: number;
}

/**
 * Batches of shards as a paper's recipe reads them, for measuring: the papers' crop, CLIP's tokenizer. By
 * default by one decoder, and none ahead.
 */
export function streamBatches(
  context: NativeContext,
  { buffer = 64, ...options }: StreamBatches,
): StreamLoader {
  const { area, aspect } = STAGE_DEFAULTS.augment;
  return new StreamLoader(context, {
    workers: 1,
    prefetch: 0,
    ...options,
    stream: { ...STREAM_DEFAULTS, buffer },
    coder: openNamedTokenizer("clip-bpe", RECIPE_DEFAULTS.model.flavour),
    shorten: (ids, room) => ids.slice(0, room),
    textTokens: 16,
    filter: "bilinear",
    augment: { ...STAGE_DEFAULTS.augment, area: [...area], aspect: [...aspect] },
    seed: 1,
  });
}
