import type { StepShape } from "../../run/bench/bench_model.ts";
import type { Bench, BenchResult } from "./bench.ts";
import { interleave, LEAST_PAIRS } from "./interleave.ts";
import { spread } from "./spread.ts";

const BATCH = 256;

/** The steps that are measured: width, image tokens, text tokens. */
const SHAPES: readonly (readonly [width: number, image: number, text: number])[] = [
  [128, 17, 8],
  [128, 37, 16],
  [192, 17, 8],
  [256, 17, 8],
  [256, 65, 16],
];

const nameOf = ([width, image, text]: readonly [number, number, number]) =>
  `step.w${width}.i${image}.t${text}`;

const NOTE = `batch ${BATCH}, depth 4, patch 8, whole step with optimizer; roof: SGEMM at 2048^3`;

/** `step.*`: how much of the machine's SGEMM rate a whole training step gets out of its linear layers. */
export const trainStep: Bench = {
  names: SHAPES.flatMap((shape) =>
    ["share", "shaperoof", "pairs"].map((measure) => `${nameOf(shape)}.${measure}`)
  ),
  async run({ signal }) {
    const { NativeContext } = await import("../../native/context.ts");
    const { BenchStep } = await import("../../run/bench/bench_model.ts");
    const { Roof } = await import("../../run/bench/sgemm_rate.ts");
    const threads = threadCount();
    using roof = new Roof(threads);
    const results: BenchResult[] = [];
    for (const shape of SHAPES) {
      signal.throwIfAborted();
      const [width, imageTokens, textTokens] = shape;
      const step: StepShape = { width, imageTokens, textTokens, batch: BATCH };
      using context = new NativeContext({ threads });
      using bench = new BenchStep(context, step);
      const pairs = await interleave(() => bench.seconds(), () => roof.rate());
      // The roof is the machine's: the best of the pairs, not of this pair alone.
      const best = Math.max(...pairs.map(({ second }) => second));
      const flops = 6 * bench.macs;
      const own = await shapeRate(context, step);
      const add = (measure: string, unit: string, samples: number[], note: string) =>
        results.push({ name: `${nameOf(shape)}.${measure}`, unit, ...spread(samples), note });
      const rates = pairs.map(({ first }) => flops / first);
      add(
        "share",
        "1",
        rates.map((rate) => rate / best),
        `${NOTE} ${(best / 1e9).toFixed(0)} GFLOP/s`,
      );
      add("shaperoof", "1", rates.map((rate) => rate / own), "roof: its own product shapes");
      add("pairs", "pairs/s", pairs.map(({ first }) => BATCH / first), NOTE);
    }
    return results;
  },
};

/** `step.tokens.17over65`: the speed-up by fewer tokens as a share of the ideal FLOP ratio. */
export const tokenRatio: Bench = {
  names: ["step.tokens.17over65"],
  async run() {
    const { NativeContext } = await import("../../native/context.ts");
    const { BenchStep } = await import("../../run/bench/bench_model.ts");
    using context = new NativeContext({ threads: threadCount() });
    const shape = { width: 192, textTokens: 8, batch: BATCH };
    using few = new BenchStep(context, { ...shape, imageTokens: 17 });
    using many = new BenchStep(context, { ...shape, imageTokens: 65 });
    const ideal = many.macs / few.macs;
    const pairs = await interleave(() => few.seconds(), () => many.seconds());
    const shares = pairs.map(({ first, second }) => second / first / ideal);
    const note = `width 192, 8 text tokens, batch ${BATCH}; ideal ${ideal.toFixed(2)} times faster`;
    return [{ name: "step.tokens.17over65", unit: "1", ...spread(shares), note }];
  },
};

/** `step.bf16.over.float32`: the speed-up when linear layers multiply bfloat16. */
export const roundedStep: Bench = {
  names: ["step.bf16.over.float32"],
  async run() {
    const { NativeContext } = await import("../../native/context.ts");
    const { nativeLibrary } = await import("../../native/library.ts");
    const { BenchStep } = await import("../../run/bench/bench_model.ts");
    const threads = threadCount();
    const shape = { width: 192, imageTokens: 37, textTokens: 8, batch: 128 };
    using exact = new NativeContext({ threads });
    using rounded = new NativeContext({ threads, precision: "bfloat16" });
    using slow = new BenchStep(exact, shape);
    using fast = new BenchStep(rounded, shape);
    const pairs = await interleave(() => fast.seconds(), () => slow.seconds());
    const rate = spread(pairs.map(({ first }) => shape.batch / first)).value;
    const note =
      `width 192, 37 image and 8 text tokens, batch 128, ${threads} threads; products by ` +
      `${nativeLibrary().info.bf16}, ${rate.toFixed(0)} pairs/s on bfloat16`;
    const ratios = pairs.map(({ first, second }) => second / first);
    return [{ name: "step.bf16.over.float32", unit: "1", ...spread(ratios), note }];
  },
};

function threadCount(): number {
  return Number(Deno.env.get("CLIPA_THREADS") ?? 0) || navigator.hardwareConcurrency;
}

// The mean rate of the step's own products, weighted by their work.
async function shapeRate(
  context: InstanceType<typeof import("../../native/context.ts").NativeContext>,
  { width, imageTokens, textTokens, batch }: StepShape,
): Promise<number> {
  const { ProductRate } = await import("../../run/bench/sgemm_rate.ts");
  let flops = 0, seconds = 0;
  for (const tokens of [imageTokens, textTokens]) {
    for (const [n, k] of [[3, 1], [1, 1], [4, 1], [1, 4]]) {
      const dims = [batch * tokens, n * width, k * width] as const;
      for (const kind of ["LINEAR", "LINEAR_BACKWARD_INPUT", "LINEAR_BACKWARD_WEIGHT"] as const) {
        using product = new ProductRate(context, kind, dims);
        await product.run();
        const work = 2 * dims[0] * dims[1] * dims[2];
        flops += work;
        seconds += work / await product.rate(LEAST_PAIRS);
      }
    }
  }
  return flops / seconds;
}
