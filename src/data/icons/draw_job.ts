/** One row as the drawing worker needs it. */
export interface DrawRow {
  key: string;
  svgAt: number;
  svgBytes: number;
  colour: boolean;
  /** Level 1 caption: the shard's txt file. */
  text: string;
  /** The shard's json file. */
  json: string;
}

/** One shard to be drawn. */
export interface DrawJob {
  /** File of the SVG rasteriser. */
  rasteriser: string;
  /** File of all SVG texts. */
  svgFile: string;
  shard: string;
  part: string;
  /** Number of the first row within its split: sample keys count on from it. */
  firstRow: number;
  rows: DrawRow[];
}

/** Message from the worker. */
export type DrawReply =
  | { kind: "ready" }
  | { kind: "progress"; rows: number }
  | { kind: "done" }
  | { kind: "failed"; message: string };
