/** A point with the interval around its value, where there is one. */
export interface SeriesPoint {
  readonly x: number;
  readonly y: number;
  /** Ends of the interval around `y`. */
  readonly low?: number;
  readonly high?: number;
  /** Said when the pointer is on the point. */
  readonly note?: string;
}

/** A line of a figure. */
export interface FigureSeries {
  readonly name: string;
  /** Name of a series whose colours this one shares: hollow signs, and no line through them. */
  readonly besides?: string;
  readonly points: readonly SeriesPoint[];
}

/** One of the small figures that stand side by side. */
export interface Panel {
  readonly title: string;
  /** Places of its ticks on x, where they are not those of all panels. */
  readonly ticks?: readonly number[];
  readonly series: readonly FigureSeries[];
}
