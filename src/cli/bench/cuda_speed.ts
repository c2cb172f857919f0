import type { TowerShape } from "../../run/bench/tower_step.ts";
import type { Bench, BenchContext, BenchResult } from "./bench.ts";
import type { Gpu } from "./gpu.ts";
import { interleave, LEAST_PAIRS } from "./interleave.ts";
import { ortCuda } from "./ort_cuda.ts";
import { spread } from "./spread.ts";

/** What is measured of a step, in the order of the results. */
const MEASURES = ["gemm", "seconds", "samples", "roof", "mfu"] as const;

/** Share of a GPU's memory that a step is planned to take. */
const MEMORY_SHARE = 0.8;
const MOST_PAIRS = 4096;

/** Sizes of a measurement, which a test makes small. */
export interface TowerBenchOptions {
  readonly batch: number;
  readonly precision: "float32" | "bfloat16";
  /** Dense products per second by the data sheet; null leaves out what is a share of it. */
  readonly peakFlops: number | null;
  /** What the notes say of the machine. */
  readonly where: string;
}

/**
 * Measures a step of the papers on the device of the process: the rate of each product of its blocks,
 * then seconds, pairs per second, the share of its own products' rate, and of the data sheet's peak.
 */
export async function measureTower(
  shape: TowerShape,
  { batch, precision, peakFlops, where }: TowerBenchOptions,
): Promise<BenchResult[]> {
  const { NativeContext } = await import("../../native/context.ts");
  const { BenchStep } = await import("../../run/bench/bench_model.ts");
  const { blockProducts, ProductSet, shapeName, towerRecipe } = await import(
    "../../run/bench/tower_step.ts"
  );
  const { pairMacs } = await import("../../model/model_cost.ts");
  const { model: spec, stages: [{ image, text }] } = towerRecipe(shape, batch);
  const imageTokens = image.tokens + (spec.image.classToken ? 1 : 0);
  const name = `cuda.${shapeName(shape)}`;
  const note = `${where}, ${precision}, batch ${batch}`;
  const results: BenchResult[] = [];
  const add = (measure: string, unit: string, samples: number[], more = "") =>
    results.push({ name: `${name}.${measure}`, unit, ...spread(samples), note: note + more });

  using context = new NativeContext({ threads: 1, precision });
  const products = blockProducts(spec, { image: imageTokens, text: text.tokens }, batch);
  for (const product of products) {
    using alone = new ProductSet(context, [product]);
    const rates: number[] = [];
    // The second run records a graph, and the first does what comes only once.
    for (let i = -2; i < LEAST_PAIRS; i++) {
      const seconds = await alone.seconds();
      if (i >= 0) rates.push(alone.flops / seconds / 1e12);
    }
    const { m, n, k } = product;
    add(
      `gemm.${product.name}`,
      "TFLOP/s",
      rates,
      `, ${m} x ${n} x ${k}, forward and both ways back`,
    );
  }

  using step = new BenchStep(context, {
    spec,
    width: spec.image.width,
    imageTokens,
    textTokens: text.tokens,
    batch,
  });
  const perLayer = products.flatMap((product) =>
    Array.from({ length: product.layers }, () => product)
  );
  using roof = new ProductSet(context, perLayer);
  for (let i = 0; i < 2; i++) await roof.seconds();
  await step.seconds();
  const pairs = await interleave(() => step.seconds(), () => roof.seconds());
  const flops = 6 * batch *
    pairMacs(spec, { patches: image.tokens, text: text.tokens }, { attention: true });
  add("seconds", "s", pairs.map(({ first }) => first));
  add("samples", "pairs/s", pairs.map(({ first }) => batch / first));
  add(
    "roof",
    "1",
    pairs.map(({ first, second }) => (6 * step.macs / first) / (roof.flops / second)),
    "; linear layers of the step against the blocks' own products with nothing between them",
  );
  if (peakFlops !== null) {
    add(
      "mfu",
      "1",
      pairs.map(({ first }) => flops / first / peakFlops),
      `; attention counted, peak ${peakFlops / 1e12} TFLOP/s`,
    );
  }
  return results;
}

/** The largest power of two whose step is planned to fit a GPU. */
export async function largestBatch(shape: TowerShape, memoryBytes: number): Promise<number> {
  const { towerRecipe } = await import("../../run/bench/tower_step.ts");
  const { stageMemory } = await import("../../scaling/plan/plan_memory.ts");
  const { HARDWARE } = await import("../../scaling/plan/hardware.ts");
  // As this kit's tape keeps activations: float32, nothing computed twice.
  const kept = { ...HARDWARE["a100-80gb"], valueBytes: 4, recompute: false } as const;
  for (let batch = MOST_PAIRS; batch >= 2; batch /= 2) {
    const recipe = towerRecipe(shape, batch);
    const { total } = stageMemory(recipe, recipe.stages[0], kept, 1);
    if (total <= MEMORY_SHARE * memoryBytes) return batch;
  }
  throw new RangeError(
    `${shape.tower}: not even two pairs fit ${(memoryBytes / 2 ** 30).toFixed(0)} GiB`,
  );
}

async function runTower(shape: TowerShape, context: BenchContext): Promise<BenchResult[]> {
  const { parseDevice } = await import("../../native/device.ts");
  const { describeGpu } = await import("./gpu.ts");
  const gpu: Gpu = await describeGpu(parseDevice(context.device).index);
  return await measureTower(shape, {
    batch: await largestBatch(shape, gpu.memoryBytes),
    precision: "bfloat16",
    peakFlops: gpu.peakFlops,
    where: `${gpu.name}, driver ${gpu.driver}`,
  });
}

/** `cuda.*`: steps of the papers on a GPU, one group for each model and token budget; `ort.cuda.*`. */
export async function cudaBenches(): Promise<readonly Bench[]> {
  const { shapeName, TOWER_SHAPES } = await import("../../run/bench/tower_step.ts");
  const towers = TOWER_SHAPES.map((shape): Bench => ({
    names: MEASURES.map((measure) => `cuda.${shapeName(shape)}.${measure}`),
    run: (context) => runTower(shape, context),
  }));
  return [...towers, ortCuda];
}
