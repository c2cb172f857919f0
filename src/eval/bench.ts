/** A zero-shot classification benchmark on one split of a data set. */
export interface ClassificationBench {
  readonly kind: "classification";
  readonly name: string;
  readonly split: string;
  /** Names in index order. */
  readonly classes: readonly string[];
  /** [n] Rows of the split's record file. */
  readonly rows: readonly number[];
  /** [n] Class index of each row. */
  readonly labels: readonly number[];
  /** Prompts with one `{}` each, where the usual ones do not suit its pictures. */
  readonly templates?: readonly string[];
}

/** A retrieval benchmark: as many pictures as captions, pair by pair. */
export interface RetrievalBench {
  readonly kind: "retrieval";
  readonly name: string;
  readonly split: string;
  /** [n] Rows of the split's record file. */
  readonly rows: readonly number[];
  /** Lists of [n] captions by name; each list is measured apart. */
  readonly captions: Readonly<Record<string, readonly string[]>>;
}

/** Groups of pairs that are measured inside each group, as batches are in training. */
export interface PairsBench {
  readonly kind: "pairs";
  readonly name: string;
  readonly split: string;
  /** The contrastive loss, or recall at 1 in both directions. */
  readonly measure: "loss" | "recall";
  /** [groups * group] Rows of the split's record file. */
  readonly rows: readonly number[];
  /** [groups * group] Caption of each row. */
  readonly captions: readonly string[];
  /** Pairs in a group. */
  readonly group: number;
}

/** One benchmark. */
export type Bench = ClassificationBench | RetrievalBench | PairsBench;
