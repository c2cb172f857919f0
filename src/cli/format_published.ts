/** Numbers of ours beside those that were published on a model; fractions. */
export interface PublishedNumbers {
  name: string;
  rows: readonly {
    bench: string;
    metric: string;
    ours: number;
    se: number;
    published: number;
    difference: number;
  }[];
  /** Conditions that differ. */
  warnings: readonly string[];
}

/** A table for reading, percent, and a line for each condition that differs. */
export function formatPublished({ name, rows, warnings }: PublishedNumbers): string {
  const percent = (value: number) => (100 * value).toFixed(2);
  const signed = (value: number) => (value < 0 ? "" : "+") + percent(value);
  const width = Math.max("benchmark".length, ...rows.map(({ bench }) => bench.length));
  const line = (cells: readonly string[]) =>
    `  ${cells[0].padEnd(width)}  ${cells[1].padEnd(7)}` +
    cells.slice(2).map((cell) => cell.padStart(16)).join("");
  return [
    `published for ${name}, percent`,
    line(["benchmark", "metric", "ours", "published", "difference"]),
    ...rows.map((row) =>
      line([
        row.bench,
        row.metric,
        `${percent(row.ours)} +- ${percent(row.se)}`,
        percent(row.published),
        signed(row.difference),
      ])
    ),
    ...warnings.map((warning) => `  not comparable: ${warning}`),
  ].join("\n");
}
