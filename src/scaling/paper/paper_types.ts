/** What every table says of itself. */
export interface PaperTable<Row> {
  /** Paper and table, and how the numbers were read where they are not printed. */
  readonly source: string;
  readonly setting: Readonly<Record<string, string | number>>;
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
}

/** Top-1 on ImageNet-1k in percent, before and after tuning at full length; null = not run. */
export interface StageScores {
  readonly pre: number | null;
  readonly ft: number | null;
}

/** By model. */
export type ModelScores = Readonly<Record<string, StageScores>>;
/** Percent, by metric. */
export type Scores = Readonly<Record<string, number>>;
/** How a caption gets few tokens. */
export type PaperTextStrategy = "truncation" | "random" | "block" | "syntax";

/** A row of table 11. */
export interface ImageTokenRow {
  readonly strategy: "baseline" | "random" | "grid" | "block" | "resize";
  readonly imageSize: number;
  readonly maskRatioPercent: number;
  /** Class token included. */
  readonly imageTokens: number;
  readonly scores: ModelScores;
}

/** A row of table 12. */
export interface TextTokenRow {
  readonly strategy: PaperTextStrategy;
  readonly textTokens: number;
  readonly scores: ModelScores;
}

/** A row of table 15: metrics of each model. */
export interface TransferRow {
  readonly strategy: PaperTextStrategy;
  readonly textTokens: number;
  readonly scores: Readonly<Record<string, Scores>>;
}

/** A row of table 13. */
export interface ConvnextRow {
  readonly imageSize: number;
  readonly scores: ModelScores;
}

/** Table 13, with the sizes of its models. */
export interface ConvnextTable extends PaperTable<ConvnextRow> {
  readonly imageParametersMillion: Readonly<Record<string, number>>;
  readonly textParametersMillion: Readonly<Record<string, number>>;
}

/** Figure 8. */
export interface ComputeFigure extends Omit<PaperTable<never>, "rows"> {
  readonly points: readonly {
    readonly model: string;
    readonly imageSize: number;
    readonly textTokens: number;
    readonly compute1e11: number;
    readonly accuracy: number;
  }[];
  /** Giga multiply-accumulates of a pair, without the attention products. */
  readonly pairGmacs: readonly {
    readonly model: string;
    readonly imageSize: number;
    readonly textTokens: number;
    readonly gmacs: number;
  }[];
  readonly arrows: readonly {
    readonly from: string;
    readonly to: string;
    readonly speedup: number;
    readonly accuracyGainPrinted: number;
    readonly accuracyGainTable: number | null;
  }[];
}

/** A whole run with its cost and results. */
export interface PaperRun {
  readonly model: string;
  readonly data?: string;
  readonly reEvaluated?: boolean;
  /** Class token included. */
  readonly imageTokens?: number | null;
  readonly textTokens?: number | null;
  readonly stages: readonly { readonly samples: number; readonly imageSize: number }[];
  readonly gpuHours?: number;
  readonly costUsd?: number;
  /** Of the last stage alone, where only that is printed. */
  readonly gpuHoursAdded?: number | null;
  readonly costUsdAdded?: number | null;
  /** GFLOPs x samples, in 1e12. */
  readonly compute1e12?: number;
  readonly scores: Scores;
  readonly in1kBeforeTuning?: number;
  readonly in1kOtherReadme?: number | null;
  /** What is printed where a misprint was put right. */
  readonly printed?: string;
}

/** A series of paper 2, figure 2. */
export interface TuningMaskRow {
  readonly series: string;
  /** Only in an earlier draft of the paper. */
  readonly draftOnly: boolean;
  readonly points: readonly { readonly keptPercent: number; readonly change: number }[];
}

/** Plain named values. */
export type PlainRow = Readonly<Record<string, unknown>>;

/** A misprint and what is used instead. */
export interface Misprint {
  readonly where: string;
  readonly printed: string;
  readonly used: string;
  readonly reason: string;
}

/** All tables and figures of both papers. */
export interface PaperTables {
  /** Paper 1, table 1: runs on 8 x A100 with their GPU hours. */
  readonly limitedResources: PaperTable<PaperRun>;
  /** Paper 1, table 2: runs on billions of pairs. */
  readonly atScale: PaperTable<PaperRun>;
  /** Paper 1, table 3: zero-shot VTAB. */
  readonly vtab: PaperTable<PlainRow>;
  /** Paper 1, table 4: million parameters. */
  readonly modelSizes: PaperTable<PlainRow>;
  /** Paper 1, table 6: batch in tuning. */
  readonly tuningBatch: PaperTable<PlainRow>;
  /** Paper 1, table 7: pooling and colour jitter. */
  readonly trainingDetails: PaperTable<PlainRow>;
  /** Paper 1, table 8: from L/16 to H/14. */
  readonly scalingUp: PaperTable<PlainRow>;
  /** Paper 1, table 9: masks in tuning. */
  readonly tuningMasks: PaperTable<PlainRow>;
  /** Paper 1, table 10: tuning schedules. */
  readonly tuningSchedule: PaperTable<PlainRow>;
  /** Paper 1, table 11 (figures 4, 9, 10): accuracy against image tokens. */
  readonly imageTokens: PaperTable<ImageTokenRow> & { readonly fullImageTokens: number };
  /** Paper 1, table 12 (figure 7): accuracy against text tokens. */
  readonly textTokens: PaperTable<TextTokenRow> & { readonly fullTextTokens: number };
  /** Paper 1, table 13: ConvNeXt and ViT. */
  readonly convnext: ConvnextTable;
  /** Paper 1, table 14: order of words. */
  readonly aro: PaperTable<PlainRow>;
  /** Paper 1, table 15: robustness and retrieval against text tokens. */
  readonly transfer: PaperTable<TransferRow>;
  /** Paper 1, figure 5: the drops that its text states. */
  readonly statedRetrievalDrops: PaperTable<PlainRow>;
  /** Paper 1, figure 8: accuracy against compute. */
  readonly compute: ComputeFigure;
  /** Paper 2, figure 2: masks in tuning. */
  readonly v2TuningMasks: PaperTable<TuningMaskRow>;
  /** Paper 2, table 4: runs with GPU hours and dollars. */
  readonly v2Results: PaperTable<PaperRun>;
  /** README of the CLIPA repository: G/14. */
  readonly readmeG14: PaperTable<PaperRun>;
}
