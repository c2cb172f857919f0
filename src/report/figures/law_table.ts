/** A number with the ends of its interval, where one is known. */
export interface Estimate {
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
}

/** One cell of a table on token reduction: a model size, a strategy, a number of tokens. */
export interface LawRow {
  /** Name of the size, such as `S/16` or `w48`. */
  readonly size: string;
  /** Parameters of both towers, in millions. */
  readonly millions: number;
  /** How the tokens were reduced, such as `resize`. */
  readonly strategy: string;
  /** Tokens that the tower saw in pre-training, special tokens included. */
  readonly tokens: number;
  /** Change against full length, after tuning at full length; a drop is below 0. */
  readonly change: Estimate;
  /** The measure itself, in the units of the table. */
  readonly score: Estimate;
  /** Multiply-accumulates of the whole training, where they are known. */
  readonly macs?: number;
  /** Pairs seen in pre-training, where they are known. */
  readonly pairs?: number;
}

/** Results of one source: a table of the paper, or our own runs. Both are drawn by the same functions. */
export interface LawTable {
  /** Which side is shortened. */
  readonly side: "image" | "text";
  /** Where the rows come from, such as `Paper 1, Table 11`. */
  readonly source: string;
  /** What `score` is, with its unit, such as `ImageNet-1k top-1, %`. */
  readonly scoreTitle: string;
  /** What `change` is, with its unit, such as `change of top-1, points`. */
  readonly changeTitle: string;
  /** What the intervals are, or why there are none. */
  readonly intervals: string;
  /** Sizes from small to large, and their full-length scores. */
  readonly sizes: readonly { readonly size: string; readonly full: Estimate }[];
  /** Tokens at full length. */
  readonly fullTokens: number;
  readonly rows: readonly LawRow[];
}
