/** Accuracy of one class; fractions. */
export interface ClassRow {
  index: number;
  name: string;
  n: number;
  top1: number;
  top5: number;
}

/** A table of classes for reading, in index order. */
export function formatClasses(rows: readonly ClassRow[]): string {
  const width = Math.max("class".length, ...rows.map(({ name }) => name.length));
  const cells = (index: string, name: string, n: string, top1: string, top5: string) =>
    `  ${index.padStart(5)}  ${name.padEnd(width)}  ${n.padStart(6)}  ${top1.padStart(7)}  ` +
    top5.padStart(7);
  const percent = (value: number) => (100 * value).toFixed(2);
  return [
    cells("index", "class", "n", "top1", "top5"),
    ...rows.map(({ index, name, n, top1, top5 }) =>
      cells(String(index), name, String(n), percent(top1), percent(top5))
    ),
  ].join("\n");
}
