import { z } from "zod";

/** What every row says of where and when it was made. */
export interface RowHead {
  /** Id of the cell. */
  readonly cell: string;
  readonly sweep: string;
  /** Axis → label. */
  readonly labels: Readonly<Record<string, string>>;
  /** Commit of the code; null outside a git checkout. */
  readonly commit: string | null;
  /** Whether the code had changes that were not committed. */
  readonly dirty: boolean | null;
  /** SHA-256 of the native library. */
  readonly library: string;
  readonly host: { readonly cpu: string; readonly cores: number; readonly threads: number };
  /** When the cell ended, UTC. */
  readonly ended: string;
}

/** One number that a cell found, with everything that it depends on. */
export interface RowMetric {
  readonly bench: string;
  readonly metric: string;
  readonly value: number;
  /** Standard error; null when one group of pairs gives none. */
  readonly se: number | null;
  readonly n: number;
  readonly classes: number;
  readonly split: string;
  readonly resolution: number;
  readonly textTokens: number;
  readonly truncatedPrompts: number;
  readonly captions?: string;
}

/** A finished cell. */
export interface DoneRow extends RowHead {
  readonly status: "done";
  /** SHA-256 of the recipe as a run writes it. */
  readonly recipeHash: string;
  /** The recipe with every field filled in. */
  readonly recipe: Readonly<Record<string, unknown>>;
  readonly seed: number;
  /** Parameters of the towers at full length. */
  readonly parameters: { readonly image: number; readonly text: number; readonly total: number };
  /** Multiply-accumulates of the linear layers in forward passes over all training pairs. */
  readonly macs: number;
  readonly stages: readonly {
    readonly name: string;
    readonly samples: number;
    readonly seconds: number;
    readonly loss: number;
  }[];
  /** Key of the stages before the last, when they were trained for several cells at once. */
  readonly shared: string | null;
  /** Seconds of training, shared stages included. */
  readonly seconds: number;
  readonly metrics: readonly RowMetric[];
  /** Benchmark → [classes] right pictures and pictures of each class, for a bootstrap over classes. */
  readonly classHits: Readonly<
    Record<string, { readonly hits: readonly number[]; readonly sizes: readonly number[] }>
  >;
}

/** A cell that has failed. */
export interface FailedRow extends RowHead {
  readonly status: "failed";
  /** What went wrong, as the run said it. */
  readonly reason: string;
}

/** A line of a results file. */
export type SweepRow = DoneRow | FailedRow;

/** Where a row was made. */
export type RowOrigin = Pick<RowHead, "commit" | "dirty" | "library" | "host">;

const count = z.int().min(0);
const text = z.string().min(1);

const head = {
  cell: text,
  sweep: text,
  labels: z.record(z.string(), z.string()),
  commit: z.string().nullable(),
  dirty: z.boolean().nullable(),
  library: text,
  host: z.strictObject({ cpu: text, cores: count, threads: count }),
  ended: text,
};

/** The check of a {@linkcode SweepRow}. */
export const sweepRowSchema: z.ZodType<SweepRow> = z.discriminatedUnion("status", [
  z.strictObject({
    ...head,
    status: z.literal("done"),
    recipeHash: text,
    recipe: z.record(z.string(), z.unknown()),
    seed: count,
    parameters: z.strictObject({ image: count, text: count, total: count }),
    macs: z.number(),
    stages: z.array(z.strictObject({
      name: text,
      samples: count,
      seconds: z.number(),
      loss: z.number(),
    })),
    shared: z.string().nullable(),
    seconds: z.number(),
    metrics: z.array(z.strictObject({
      bench: text,
      metric: text,
      value: z.number(),
      se: z.number().nullable(),
      n: count,
      classes: count,
      split: text,
      resolution: count,
      textTokens: count,
      truncatedPrompts: z.number(),
      captions: z.string().optional(),
    })),
    classHits: z.record(
      z.string(),
      z.strictObject({ hits: z.array(count), sizes: z.array(count) }).refine(
        ({ hits, sizes }) =>
          hits.length === sizes.length && hits.every((right, i) => right <= sizes[i]),
        "allowed: as many hits as sizes, none above its size",
      ),
    ),
  }),
  z.strictObject({ ...head, status: z.literal("failed"), reason: text }),
]);
