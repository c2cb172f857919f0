import type { Bench, BenchContext, BenchResult } from "./bench.ts";
import { interleave } from "./interleave.ts";
import { secondsOf } from "./ort_speed.ts";
import { spread } from "./spread.ts";

/** Sizes of the measurement, which a test makes small. */
export interface OrtCudaOptions {
  readonly width: number;
  /** With the class token: one more than a square. */
  readonly imageTokens: number;
  readonly batch: number;
  /** What the notes say of the machine. */
  readonly where: string;
  /** Runs of a session are repeated for this long. */
  readonly leastSeconds?: number;
}

const NAMES = ["ort.cuda.fast.over.portable", "ort.cuda.bound.over.copied"];

/**
 * Image towers through ONNX Runtime on the device of the process: fused against standard operators,
 * and pictures and features that stay on the device, on the stream of a context, against copied ones.
 */
export async function measureOrtCuda(options: OrtCudaOptions): Promise<BenchResult[]> {
  const { width, imageTokens, batch, where, leastSeconds } = options;
  const { NativeContext } = await import("../../native/context.ts");
  const { chosenDevice } = await import("../../native/library.ts");
  const { OrtSession } = await import("../../onnx/ort_session.ts");
  const { benchExport } = await import("../../run/bench/bench_export.ts");
  const { FixedTensor } = await import("../../tensor/fixed_tensor.ts");
  using context = new NativeContext({ threads: 1 });
  await using model = await benchExport(context, { width, imageTokens, textTokens: 8 });
  const open = (file: string) =>
    OrtSession.open(`${model.dir}/${file}`, { provider: chosenDevice().kind, threads: 1, context });
  using fast = await open("image.onnx");
  using portable = await open("image.portable.onnx");
  const side = model.shape.imageSize;
  const pixels = { data: model.pixels(batch), shape: [batch, side, side, 3] };
  using there = new FixedTensor(context, pixels.shape, { dtype: "u8", values: pixels.data });
  const features = Number(fast.outputSlots[0].shape[1]);
  using embedding = new FixedTensor(context, [batch, features]);
  using bound = await fast.bind({ pixels: there }, { embedding });
  const seconds = (call: () => Promise<unknown>) => secondsOf(call, leastSeconds);
  const copied = () => seconds(() => fast.run({ pixels }));
  // The first runs allocate, plan and choose algorithms.
  for (const warm of [copied, () => bound.execute(), () => portable.run({ pixels })]) await warm();
  const about = `${where}, width ${width}, ${imageTokens} tokens, batch ${batch}`;
  const graphs = await interleave(copied, () => seconds(() => portable.run({ pixels })));
  const memory = await interleave(() => seconds(() => bound.execute()), copied);
  const rate = spread(memory.map(({ first }) => batch / first)).value.toFixed(0);
  const ratios = (pairs: { first: number; second: number }[]) =>
    spread(pairs.map(({ first, second }) => second / first));
  return [
    { name: NAMES[0], unit: "1", ...ratios(graphs), note: `${about}; pictures copied by both` },
    { name: NAMES[1], unit: "1", ...ratios(memory), note: `${about}; bound: ${rate} pictures/s` },
  ];
}

/** `ort.cuda.*`, on a GPU; elsewhere `bench --device cuda` says what is missing. */
export const ortCuda: Bench = {
  names: NAMES,
  async run(context: BenchContext) {
    const { parseDevice } = await import("../../native/device.ts");
    const { describeGpu } = await import("./gpu.ts");
    const gpu = await describeGpu(parseDevice(context.device).index);
    const where = `${gpu.name}, driver ${gpu.driver}, float32`;
    return await measureOrtCuda({ width: 768, imageTokens: 197, batch: 64, where });
  },
};
