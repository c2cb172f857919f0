import { RECIPE_DEFAULTS, STAGE_DEFAULTS, STREAM_DEFAULTS } from "../../config/recipe_defaults.ts";
import { StreamLoader } from "../../data/stream/stream_loader.ts";
import type { NativeContext } from "../../native/context.ts";
import { openNamedTokenizer } from "../../text/named_tokenizer.ts";

/** Batches of a shard as a paper's recipe reads it, for measuring: the papers' crop, CLIP's tokenizer. */
export function streamBatches(
  context: NativeContext,
  { shard, size, batch }: { shard: string; size: number; batch: number },
): StreamLoader {
  const { area, aspect } = STAGE_DEFAULTS.augment;
  return new StreamLoader(context, {
    shards: [shard],
    stream: { ...STREAM_DEFAULTS, buffer: 64 },
    coder: openNamedTokenizer("clip-bpe", RECIPE_DEFAULTS.model.flavour),
    shorten: (ids, room) => ids.slice(0, room),
    textTokens: 16,
    batch,
    size,
    filter: "bilinear",
    augment: { ...STAGE_DEFAULTS.augment, area: [...area], aspect: [...aspect] },
    seed: 1,
    workers: 1,
    prefetch: 0,
  });
}
