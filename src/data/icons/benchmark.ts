/** A zero-shot classification benchmark on a split of the icon data set. */
export interface ClassificationBenchmark {
  name: string;
  kind: "classification";
  about: string;
  split: "test" | "val";
  /** Names in index order. */
  classes: string[];
  /** [n] rows of the split's record file. */
  rows: number[];
  /** [n] class index of each row. */
  labels: number[];
  /** Pictures left out because a training picture of the same phrase looks alike. */
  nearCopiesDropped: number;
}

/** A retrieval benchmark: as many pictures as captions, pair by pair. */
export interface RetrievalBenchmark {
  name: string;
  kind: "retrieval";
  about: string;
  split: "test" | "val";
  /** [n] rows of the split's record file. */
  rows: number[];
  /** [n] captions each: `name` is level 1; `long` the row's highest level. All different. */
  captions: { name: string[]; long: string[] };
  nearCopiesDropped: number;
}

/** One file of the folder `bench/`. */
export type IconBenchmark = ClassificationBenchmark | RetrievalBenchmark;
