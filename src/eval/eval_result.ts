import type { GroupMean } from "./group_scores.ts";
import type { RetrievalScores } from "./retrieval.ts";
import type { ZeroShotScores } from "./zero_shot.ts";

/** What every result carries, so that no number is quoted without its conditions. */
export interface EvalConditions {
  bench: string;
  /** Which data the pictures come from, where it is known. */
  dataSet?: string;
  split: string;
  /** Side of the picture that the model saw, in pixels. */
  resolution: number;
  /** Tokens of a text, special tokens included. */
  textTokens: number;
  /** Share of the prompts or captions that were cut to fit, 0 to 1. */
  truncatedPrompts: number;
  /** Samples left out because they could not be read, where any could be; `n` does not count them. */
  skipped?: number;
}

/** Result of a zero-shot benchmark. */
export interface ZeroShotResult extends EvalConditions, Omit<ZeroShotScores, "ranks"> {
  kind: "zero-shot";
}

/** Result of a retrieval benchmark. */
export interface RetrievalResult extends EvalConditions, RetrievalScores {
  kind: "retrieval";
  /** Which list of captions was used. */
  captions: string;
}

/** Result of groups of pairs. */
export interface PairsResult extends EvalConditions {
  kind: "pairs";
  /** Pairs in all groups. */
  n: number;
  /** Pairs in a group. */
  group: number;
  /** `loss` in nats, or `i2t.r1` and `t2i.r1`. */
  scores: Record<string, GroupMean>;
}

/** Result of one benchmark. */
export type EvalResult = ZeroShotResult | RetrievalResult | PairsResult;
