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

/** One benchmark. */
export type Bench = ClassificationBench | RetrievalBench;
