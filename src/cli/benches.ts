import type { Bench } from "./bench/bench.ts";
import { checkpointStall } from "./bench/checkpoint_stall.ts";
import { dataBuild } from "./bench/data_build.ts";
import { dataFeed } from "./bench/data_feed.ts";
import { decodeCore } from "./bench/decode_core.ts";
import { embedSpeed } from "./bench/embed_speed.ts";
import { normSpeed } from "./bench/norm_speed.ts";
import { ortHealth } from "./bench/ort_health.ts";
import { ortSpeed } from "./bench/ort_speed.ts";
import { ortTorch } from "./bench/ort_torch.ts";
import { jaxPeer, torchPeer, torchRoundedPeer } from "./bench/peers.ts";
import { bakedPictures, decodeSpeed, scaledDecoding } from "./bench/picture_speed.ts";
import { rankSpeed } from "./bench/rank_speed.ts";
import { reductionCost } from "./bench/reduction_cost.ts";
import { retrievalSpeed } from "./bench/retrieval_speed.ts";
import { searchSpeed } from "./bench/search_speed.ts";
import { streamSpeed } from "./bench/stream_speed.ts";
import { tokenizerSpeed } from "./bench/tokenizer_speed.ts";
import { roundedStep, tokenRatio, trainStep } from "./bench/train_step.ts";

/** Every benchmark, in the order of the README's table. */
export const BENCHES: readonly Bench[] = [
  trainStep,
  roundedStep,
  tokenRatio,
  normSpeed,
  rankSpeed,
  dataFeed,
  reductionCost,
  ortSpeed,
  ortHealth,
  searchSpeed,
  retrievalSpeed,
  checkpointStall,
  embedSpeed,
  bakedPictures,
  decodeSpeed,
  scaledDecoding,
  decodeCore,
  streamSpeed,
  jaxPeer,
  torchPeer,
  torchRoundedPeer,
  ortTorch,
  tokenizerSpeed,
  dataBuild,
];
