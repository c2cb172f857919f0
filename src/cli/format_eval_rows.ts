/** One measured number with all that is needed to read it; fractions are 0 to 1. */
export interface EvalRow {
  bench: string;
  /** Which data the pictures come from. */
  dataSet?: string;
  split: string;
  metric: string;
  value: number;
  /** Standard error of the value. */
  se: number;
  n: number;
  /** Number of classes; for retrieval the candidates. */
  classes: number | null;
  /** Side of the pictures in pixels. */
  resolution: number;
  textTokens: number;
  /** Share of the prompts that did not fit. */
  truncatedPrompts: number;
  /** Samples left out because they could not be read. */
  skipped?: number;
  /** Designer family, where the row is about one. */
  group?: string;
  /** Caption list of a retrieval. */
  captions?: string;
  /** How a linear probe was fitted. */
  probe?: { c: number; shots: number | null; trained: number };
  /** Published benchmarks: the prompts, and how pictures became square. */
  templates?: string;
  fit?: string;
  filter?: string;
  /** Standard error when whole classes, or pictures with all their captions, are drawn anew. */
  seBootstrap?: number;
  /** Retrieval: hits more that there would be if ties counted as right. */
  ties?: number;
}

const COLUMNS = [
  "bench",
  "dataSet",
  "split",
  "group",
  "captions",
  "metric",
  "value",
  "se",
  "n",
  "classes",
  "resolution",
  "textTokens",
  "truncatedPrompts",
  "skipped",
] as const;

/** Columns about a linear probe. */
const PROBE_COLUMNS = ["c", "shots", "trained"] as const;

/** Columns about published benchmarks. */
const BENCH_COLUMNS = ["templates", "fit", "filter", "seBootstrap", "ties"] as const;

/** Rows for reading: a line for each number of a benchmark, then a table of its families. */
export function formatEvalRows(rows: readonly EvalRow[]): string {
  const benches = Map.groupBy(rows, (row) => row.bench);
  return [...benches.values()].flatMap((list) => [
    ...list.filter(({ group }) => group === undefined).map(formatWhole),
    ...formatGroups(list.filter(({ group }) => group !== undefined)),
  ]).join("\n");
}

/** Rows as comma-separated values (RFC 4180), one header line; shares from 0 to 1. */
export function evalRowsCsv(rows: readonly EvalRow[]): string {
  const cell = (value: string | number | null | undefined) => {
    const text = String(value ?? "");
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = rows.map((row) =>
    [
      ...COLUMNS.map((column) => cell(row[column])),
      ...PROBE_COLUMNS.map((column) => cell(row.probe?.[column])),
      ...BENCH_COLUMNS.map((column) => cell(row[column])),
    ].join(",")
  );
  return [[...COLUMNS, ...PROBE_COLUMNS, ...BENCH_COLUMNS].join(","), ...lines, ""].join("\r\n");
}

function formatWhole(row: EvalRow): string {
  const { bench, dataSet, split, metric, captions, n, classes, skipped } = row;
  const conditions = [
    ...(dataSet === undefined ? [] : [dataSet]),
    split,
    `n ${n}`,
    ...(skipped ? [`${skipped} left out`] : []),
    ...(classes === null || /^(?:i2t|t2i)\./.test(metric) ? [] : [`${classes} classes`]),
    `${row.resolution} px`,
    row.probe
      ? `${row.probe.trained} training pictures, C ${row.probe.c}`
      : `${row.textTokens} text tokens`,
    ...(row.templates === undefined ? [] : [row.templates]),
    ...(row.fit === undefined ? [] : [`${row.fit} ${row.filter}`]),
    ...(row.seBootstrap === undefined ? [] : [`+- ${percent(row.seBootstrap)} by clusters`]),
    ...(row.ties ? [`${row.ties} more with ties`] : []),
    ...(row.truncatedPrompts > 0 ? [`${percent(row.truncatedPrompts)} % of prompts cut`] : []),
  ];
  const name = captions === undefined ? metric : `${captions} ${metric}`;
  return `${bench}  ${name} ${percent(row.value)} % +- ${percent(row.se)} %  (${
    conditions.join(", ")
  })`;
}

function formatGroups(rows: readonly EvalRow[]): string[] {
  const groups = Map.groupBy(rows, ({ group }) => group as string);
  // A table of one line would say the same again.
  if (groups.size < 2) return [];
  const width = Math.max("family".length, ...[...groups.keys()].map((group) => group.length));
  const metrics = [...new Set(rows.map(({ metric }) => metric))];
  const head = `  ${"family".padEnd(width)}  ${"n".padStart(6)}`;
  return [
    head + metrics.map((metric) => `  ${metric.padStart(14)}`).join(""),
    ...[...groups].map(([group, list]) =>
      `  ${group.padEnd(width)}  ${String(list[0].n).padStart(6)}` +
      metrics.map((metric) => {
        const row = list.find((candidate) => candidate.metric === metric);
        const text = row === undefined ? "" : `${percent(row.value)} +- ${percent(row.se)}`;
        return `  ${text.padStart(14)}`;
      }).join("")
    ),
  ];
}

function percent(fraction: number): string {
  return (100 * fraction).toFixed(2);
}
