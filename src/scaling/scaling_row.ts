/**
 * One measured number of one model, with everything that the fits need: the common form of the
 * papers' tables, of our sweeps and of a CSV file. Fractions are 0 to 1.
 */
export interface ScalingRow {
  /** Where the number is from, such as "paper 1, table 11" or a file. */
  readonly source: string;
  /** Series that the number belongs to, such as "S/16". */
  readonly model: string;
  /** Parameters of both towers: the N of the law. */
  readonly parameters: number;
  /** How the picture gets few tokens; "none" at full length. */
  readonly imageStrategy: string;
  /** Image tokens in pre-training, class token included. */
  readonly imageTokens: number;
  /** Image tokens at full length, class token included. */
  readonly fullImageTokens: number;
  readonly textStrategy: string;
  /** Text tokens in pre-training, special tokens included. */
  readonly textTokens: number;
  readonly fullTextTokens: number;
  /** Whether the model was tuned at full length before it was measured. */
  readonly tuned: boolean;
  /** Seed of the run; null for a single run. */
  readonly seed: number | null;
  /** What was measured, such as "imagenet-1k.top1". */
  readonly metric: string;
  readonly value: number;
  /** Standard error by the pictures of the test; null when not known. */
  readonly se: number | null;
  /** Pictures of the test; null when not known. */
  readonly n: number | null;
  /** [classes] Pictures of each class that were right; null when not recorded. */
  readonly classHits: readonly number[] | null;
  /** [classes] Pictures of each class; null when not recorded. */
  readonly classSizes: readonly number[] | null;
  /** Multiply-accumulates of the whole training on the papers' axis; null when not known. */
  readonly compute: number | null;
}

/** Which tokens a law is about. */
export type TokenAxis = "image" | "text";

/** Tokens, tokens at full length and strategy of a row on an axis. */
export function tokensOf(
  row: ScalingRow,
  axis: TokenAxis,
): { tokens: number; fullTokens: number; strategy: string } {
  return axis === "image"
    ? { tokens: row.imageTokens, fullTokens: row.fullImageTokens, strategy: row.imageStrategy }
    : { tokens: row.textTokens, fullTokens: row.fullTextTokens, strategy: row.textStrategy };
}
