import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { SafetensorsFile } from "../../checkpoint/safetensors.ts";
import { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import { OrtSession } from "../../onnx/ort_session.ts";

/** For graphs whose constants stand in the graph itself. */
const NO_WEIGHTS: SafetensorsFile = {
  path: "",
  metadata: {},
  names: [],
  tensor: (name) => unknown(name),
  place: (name) => unknown(name),
};

function unknown(name: string): never {
  throw new RangeError(`weight ${name}: this graph has none`);
}

/** y = x + x over rows of three: the smallest model there is. */
export function doublingModel(): Uint8Array<ArrayBuffer> {
  const b = new GraphBuilder("double", NO_WEIGHTS, "");
  const x = b.input("x", "float32", ["rows", 3]);
  b.output("y", b.node("Add", [x, x]), "float32", ["rows", 3]);
  return b.bytes();
}

/** A model that keeps a core busy: `layers` products with one matrix of 256 x 256. */
export function busyModel(layers: number): Uint8Array<ArrayBuffer> {
  const b = new GraphBuilder("busy", NO_WEIGHTS, "");
  const x = b.input("x", "float32", ["rows", 256]);
  const w = b.constant(new Float32Array(256 * 256).fill(1 / 256), [256, 256]);
  let y = x;
  for (let i = 0; i < layers; i++) y = b.node("MatMul", [y, w]);
  b.output("y", y, "float32", ["rows", 256]);
  return b.bytes();
}

/** Rounds of {@linkcode cycleMemory}, and those before them in which the allocator settles. */
const ROUNDS = 5, WARM_UP = 10;

/** Resident memory before and after many sessions, in bytes. */
export interface CycleMemory {
  readonly cycles: number;
  readonly before: number;
  readonly after: number;
  /** After each round, those that warm up first; the last is `after`. */
  readonly rounds: readonly number[];
}

/**
 * Opens, runs and disposes `cycles` sessions in {@linkcode ROUNDS} rounds, after twice as many to
 * warm up: sessions are made and let go on several threads, and the arenas of the allocator take some
 * twenty thousand of them to reach the size that they keep. The garbage of the JavaScript heap is collected before each reading: how much of it lies about is
 * chance, and some megabytes of a process of a hundred are no leak.
 */
export async function cycleMemory(cycles: number): Promise<CycleMemory> {
  const model = doublingModel();
  const x = { data: new Float32Array([1, 2, 3]), shape: [1, 3] };
  const collect = garbageCollector();
  const rounds: number[] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    for (let i = 0; i < Math.ceil(cycles / ROUNDS); i++) {
      using session = await OrtSession.open(model, { threads: 1, provider: "cpu" });
      await session.run({ x });
    }
    collect();
    rounds.push(Deno.memoryUsage().rss);
  }
  return { cycles, before: rounds[WARM_UP - 1], after: rounds.at(-1)!, rounds };
}

/** The engine's own collector, whether or not the process was started with its flag. */
function garbageCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc");
}

/** How late a timer of one millisecond was while a promise was pending. */
export interface LoopGaps {
  readonly seconds: number;
  /** Longest time between two ticks, in milliseconds. */
  readonly longest: number;
  /**
   * The most that this thread itself computed between two ticks, in milliseconds. On a busy machine a
   * tick is late because another process has the core; this leaves such waits out.
   */
  readonly longestBusy: number;
}

/** Time that the main thread has had a core, where Linux tells. */
function threadMilliseconds(): number {
  try {
    const path = `/proc/self/task/${Deno.pid}/schedstat`;
    return Number(Deno.readTextFileSync(path).split(" ")[0]) / 1e6;
  } catch {
    return 0;
  }
}

/** Measures how free the event loop is during `work`. */
export async function loopGaps(work: () => Promise<unknown>): Promise<LoopGaps> {
  const start = performance.now();
  let [last, lastBusy, longest, longestBusy] = [start, threadMilliseconds(), 0, 0];
  const tick = () => {
    const [now, busy] = [performance.now(), threadMilliseconds()];
    longest = Math.max(longest, now - last);
    longestBusy = Math.max(longestBusy, busy - lastBusy);
    [last, lastBusy] = [now, busy];
  };
  const timer = setInterval(tick, 1);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  tick();
  return { seconds: (last - start) / 1000, longest, longestBusy };
}

/** One run of about `seconds` on one thread, with its gaps. */
export async function busyRunGaps(seconds: number): Promise<LoopGaps> {
  using session = await OrtSession.open(busyModel(64), { threads: 1, provider: "cpu" });
  const run = async (rows: number) => {
    const x = { data: new Float32Array(rows * 256).fill(1), shape: [rows, 256] };
    return await loopGaps(() => session.run({ x }));
  };
  await run(256);
  const trial = await run(512);
  return await run(Math.max(512, Math.min(32768, Math.round(512 * seconds / trial.seconds))));
}
