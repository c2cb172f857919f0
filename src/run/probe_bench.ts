import { basename } from "node:path";
import { mix32 } from "../data/loader/permutation.ts";
import { openRecords, type Records } from "../data/records/records.ts";
import { accuracyByGroup, accuracyOf } from "../eval/accuracy.ts";
import type { ClassificationBench } from "../eval/bench.ts";
import type { EvalEncoder } from "../eval/eval_encoder.ts";
import { chooseProbe } from "../eval/probe/choose_probe.ts";
import { probeRanks } from "../eval/probe/probe_ranks.ts";
import type { ProbeResult } from "../eval/probe/probe_result.ts";
import { NativeContext } from "../native/context.ts";
import { benchPictures, openBench } from "./open_bench.ts";
import type { DataSet } from "./shard_data_set.ts";

/** Pictures embedded in one call. */
const CHUNK = 512;
/** Without a validation split, one training picture in so many is kept to choose the strength. */
const HELD_BACK = 5;

/** Options of {@linkcode probeBench}. */
export interface ProbeBenchOptions {
  /** Most training pictures of a class, chosen by hash; null takes all. */
  readonly shots: number | null;
  readonly signal?: AbortSignal;
  readonly onProgress?: (label: string, done: number, total: number) => void;
}

/** Rows of a split and their classes. */
interface LabelledSplit {
  readonly records: Records;
  readonly rows: readonly number[];
  readonly labels: readonly number[];
}

/**
 * Linear probe: logistic regression on frozen picture embeddings. It is fitted to the training pictures
 * whose name is one of the benchmark's classes, its regularisation is chosen on the validation
 * designers (where a data set has none, on a fifth of the training pictures), and it is measured on the
 * benchmark's pictures. No text is used.
 *
 * @param name A zero-shot benchmark, such as `icons-592`.
 * @throws {RangeError} when the benchmark is no classification or no training picture has its classes.
 */
export async function probeBench(
  encoder: EvalEncoder,
  set: DataSet,
  name: string,
  options: ProbeBenchOptions,
): Promise<ProbeResult> {
  const { signal, onProgress } = options;
  const { bench, records, corruption } = await openBench(set, name, { signal });
  if (bench.kind !== "classification") {
    throw new RangeError(`"${name}" is a retrieval benchmark; a probe needs one with classes`);
  }
  const { train, validation } = probeSplits(set, bench, options.shots);
  const { width, resolution, textTokens } = encoder;
  const embed = async (label: string, split: LabelledSplit, spoilt: typeof corruption = null) => {
    const features = new Float32Array(split.rows.length * width);
    for (let first = 0; first < split.rows.length; first += CHUNK) {
      signal?.throwIfAborted();
      onProgress?.(`${name} ${label}`, first, split.rows.length);
      const part = split.rows.slice(first, first + CHUNK);
      const pixels = await benchPictures(split.records, part, resolution, encoder.filter, spoilt);
      features.set(await encoder.embedPixels(pixels), first * width);
    }
    onProgress?.(`${name} ${label}`, split.rows.length, split.rows.length);
    return { features, labels: split.labels };
  };
  const classes = bench.classes.length;
  const trained = { ...await embed("train", train), width, classes };
  const validated = await embed("validation", validation);
  const test = await embed("test", { records, rows: bench.rows, labels: bench.labels }, corruption);
  using context = new NativeContext();
  const { probe, c, validationTop1 } = await chooseProbe(context, trained, validated, {
    signal,
    onProgress: (done, total) => onProgress?.(`${name} probe`, done, total),
  });
  const ranks = probeRanks(probe, test.features, width, test.labels);
  const groups = bench.rows.map((row) => records.families[records.family[row]]);
  return {
    bench: name,
    dataSet: basename(set.dir),
    split: bench.split,
    resolution,
    textTokens,
    truncatedPrompts: 0,
    classes,
    ...accuracyOf(ranks),
    perGroup: accuracyByGroup(ranks, groups),
    probe: {
      c,
      shots: options.shots,
      trained: train.rows.length,
      validated: validation.rows.length,
      validationTop1,
    },
  };
}

/** Which pictures a probe of a benchmark is fitted to, and which choose its regularisation. */
export function probeSplits(
  set: DataSet,
  bench: ClassificationBench,
  shots: number | null,
): { train: LabelledSplit; validation: LabelledSplit } {
  const all = rowsByClass(set.train, bench.classes);
  const others = bench.split === "val" ? null : rowsByClass(set.val, bench.classes);
  const held = others !== null && others.lists.some((list) => list.length > 0);
  // By hash, so that a class's first pictures are not all of one designer.
  const lists = all.lists.map((list) => list.toSorted((a, b) => mix32(a) - mix32(b)));
  const isBack = (i: number) => !held && i % HELD_BACK === HELD_BACK - 1;
  const train = lists.map((list) =>
    list.filter((_, i) => !isBack(i)).slice(0, shots ?? list.length)
  );
  const validation = held
    ? { records: others.records, lists: others.lists }
    : { records: all.records, lists: lists.map((list) => list.filter((_, i) => isBack(i))) };
  const splits = {
    train: { records: all.records, ...flatten(train) },
    validation: { records: validation.records, ...flatten(validation.lists) },
  };
  for (const [part, { rows }] of Object.entries(splits)) {
    if (rows.length > 0) continue;
    throw new RangeError(
      `probe of "${bench.name}": seen no ${part} picture of its ${bench.classes.length} classes; ` +
        "allowed: benchmarks whose classes are in training, such as icons-592",
    );
  }
  return splits;
}

/** Rows of a record file by the class that their phrase is. */
function rowsByClass(path: string, classes: readonly string[]) {
  const records = openRecords(path);
  const index = new Map(classes.map((name, i) => [name, i]));
  const labels = Array.from(records.phraseText, (text) => index.get(records.text(text)));
  const lists: number[][] = classes.map(() => []);
  for (let row = 0; row < records.count; row++) {
    const label = labels[records.phrase[row]];
    if (label !== undefined) lists[label].push(row);
  }
  return { records, lists };
}

function flatten(lists: readonly (readonly number[])[]) {
  return { rows: lists.flat(), labels: lists.flatMap((list, label) => list.map(() => label)) };
}
