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

/** Resident memory before and after many sessions, in bytes. */
export interface CycleMemory {
  readonly cycles: number;
  readonly before: number;
  readonly after: number;
}

/**
 * Opens, runs and disposes `cycles` sessions, after a fifth as many to warm up. Collects garbage
 * before it reads the memory where the process may (`--v8-flags=--expose-gc`).
 */
export async function cycleMemory(cycles: number): Promise<CycleMemory> {
  const model = doublingModel();
  const x = { data: new Float32Array([1, 2, 3]), shape: [1, 3] };
  const run = async (count: number) => {
    for (let i = 0; i < count; i++) {
      using session = await OrtSession.open(model, { threads: 1, provider: "cpu" });
      await session.run({ x });
    }
    (globalThis as { gc?: () => void }).gc?.();
    return Deno.memoryUsage().rss;
  };
  const before = await run(Math.ceil(cycles / 5));
  return { cycles, before, after: await run(cycles) };
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
