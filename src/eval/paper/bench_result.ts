import type { SkippedReason } from "../../data/bake/skipped_samples.ts";
import type { EvalFit } from "../../data/images/square_picture.ts";
import type { ResizeFilter } from "../../data/images/resize_image.ts";

/** Everything that a number of a published benchmark depends on. */
export interface BenchConditions {
  readonly bench: string;
  readonly dataSet: string;
  readonly split: string;
  readonly resolution: number;
  readonly textTokens: number;
  /** Share of the prompts or captions that were cut to fit, 0 to 1. */
  readonly truncatedPrompts: number;
  /** Pictures left out because they could not be read; `n` does not count them. */
  readonly skipped: number;
  readonly fit: EvalFit;
  readonly filter: ResizeFilter;
  /** Name or file of the prompts; null for captions. */
  readonly templates: string | null;
}

/** A rate from 0 to 1. */
export interface Rate {
  readonly metric: string;
  readonly value: number;
  /** Standard error, trials taken as independent. */
  readonly se: number;
  /** The same when whole classes, or pictures with all their captions, are drawn anew. */
  readonly seBootstrap: number;
  /** Trials. */
  readonly n: number;
  /** Classes, or candidates of a retrieval. */
  readonly classes: number;
  /** Retrieval: hits that the query would have if ties counted for it. */
  readonly ties?: number;
}

/** Accuracy of one class. */
export interface ClassAccuracy {
  readonly index: number;
  readonly name: string;
  readonly n: number;
  readonly top1: number;
  readonly top5: number;
}

/** What an evaluation of a published benchmark gives. */
export interface BenchResult {
  readonly conditions: BenchConditions;
  readonly rates: readonly Rate[];
  readonly skipped: readonly SkippedReason[];
  /** Classification only: classes that have pictures, in index order. */
  readonly perClass?: readonly ClassAccuracy[];
  /** Classification only: names of classes without a picture that could be evaluated. */
  readonly absent?: readonly string[];
}
