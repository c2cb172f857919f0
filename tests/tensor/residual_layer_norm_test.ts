import assert from "node:assert/strict";
import { ClipModel } from "../../src/model/clip_model.ts";
import { type BlockType, residualBlock } from "../../src/model/residual_block.ts";
import { NativeContext } from "../../src/native/context.ts";
import { nativeLibrary } from "../../src/native/library.ts";
import { BENCH_SETTINGS, benchSpec } from "../../src/run/bench/bench_model.ts";
import { attention } from "../../src/tensor/ops/attention.ts";
import { add, mul, sum } from "../../src/tensor/ops/elementwise.ts";
import { layerNorm } from "../../src/tensor/ops/layer_norm.ts";
import { linear, mlp } from "../../src/tensor/ops/linear.ts";
import { residualLayerNorm, type ResidualSum } from "../../src/tensor/ops/residual_layer_norm.ts";
import { ParameterStore } from "../../src/tensor/parameter_store.ts";
import { Tape } from "../../src/tensor/tape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { TrainStep } from "../../src/train/train_step.ts";
import { hashedFloats } from "../goldens/hashed.ts";

const [ROWS, WIDTH] = [150, 37];
const EPS = 1e-5;

type Inputs = Record<"x" | "branch" | "gamma" | "beta" | "factor", Tensor>;
type Join = (tape: Tape, inputs: Inputs) => ResidualSum;

const fused = (scaled: boolean): Join => (tape, { x, branch, gamma, beta, factor }) =>
  residualLayerNorm(tape, x, branch, {
    gamma,
    beta,
    eps: EPS,
    factor: scaled ? factor : undefined,
  });

const apart = (scaled: boolean): Join => (tape, { x, branch, gamma, beta, factor }) => {
  const joined = add(tape, scaled ? mul(tape, branch, factor) : branch, x);
  return { sum: joined, normed: layerNorm(tape, joined, gamma, beta, EPS) };
};

/** Values, and gradients of the weighted sums of those outputs that `uses` names. */
async function run(join: Join, uses: readonly ("sum" | "normed")[], eager: boolean) {
  using context = new NativeContext({ threads: 2 });
  const shapes = {
    x: [ROWS, WIDTH],
    branch: [ROWS, WIDTH],
    gamma: [WIDTH],
    beta: [WIDTH],
    factor: [WIDTH],
  };
  const specs = Object.entries(shapes).map(([name, shape]) => ({
    ...{ name, shape, decay: false },
    init: (values: Float32Array) => values.set(hashedFloats(name, values.length, 0.2, 1.7)),
  }));
  using store = new ParameterStore(context, specs);
  store.initialize();
  using weights = new ParameterStore(
    context,
    uses.map((name) => ({
      ...{ name, shape: [ROWS, WIDTH], decay: false },
      init: (values: Float32Array) => values.set(hashedFloats(`d${name}`, values.length, -1, 1)),
    })),
    { training: false },
  );
  weights.initialize();
  using tape = new Tape(context, { eager });
  const inputs = Object.fromEntries(specs.map(({ name }) => [name, store.get(name)])) as Inputs;
  const results = join(tape, inputs);
  const terms = uses.map((name) => sum(tape, mul(tape, results[name], weights.get(name))));
  tape.backward([terms.reduce((a, b) => add(tape, a, b)), 1]);
  for (const name of uses) tape.retain(results[name]);
  using program = eager ? null : tape.compile();
  await program?.run();
  return {
    values: uses.map((name) => results[name].read()),
    gradients: specs.map(({ name }) => store.copy(name, "gradient").read()),
  };
}

Deno.test("residualLayerNorm has every bit of add and layerNorm, eagerly and in a program", async () => {
  for (const uses of [["sum", "normed"], ["sum"], ["normed"]] as const) {
    for (const eager of [true, false]) {
      assert.deepEqual(await run(fused(false), uses, eager), await run(apart(false), uses, eager));
    }
  }
});

Deno.test("residualLayerNorm with factors gives the values and gradients of mul, add and layerNorm", async () => {
  for (const uses of [["sum", "normed"], ["sum"], ["normed"]] as const) {
    const seen = await run(fused(true), uses, false), want = await run(apart(true), uses, false);
    const pairs = [...seen.values, ...seen.gradients].map((tensor, i) =>
      [tensor, [...want.values, ...want.gradients][i]] as const
    );
    for (const [tensor, wanted] of pairs) {
      const size = Math.hypot(...wanted);
      const off = Math.hypot(...wanted.map((value, i) => value - tensor[i]));
      assert.ok(off <= 1e-6 * size, `${off} of ${size}`);
    }
  }
});

// The block as it is written with separate ops.
const separateBlock: BlockType = {
  parameters: residualBlock.parameters,
  forward(tape, get, prefix, x, { heads, causal, gelu, layerNormEps: eps }) {
    const p = (name: string) => get(`${prefix}.${name}`);
    const n1 = layerNorm(tape, x, p("ln_1.weight"), p("ln_1.bias"), eps);
    const qkv = linear(tape, n1, p("attn.in_proj_weight"), { bias: p("attn.in_proj_bias") });
    const mixed = attention(tape, qkv, { heads, causal });
    const h = linear(tape, mixed, p("attn.out_proj.weight"), {
      bias: p("attn.out_proj.bias"),
      residual: x,
    });
    const n2 = layerNorm(tape, h, p("ln_2.weight"), p("ln_2.bias"), eps);
    const [w1, b1] = [p("mlp.c_fc.weight"), p("mlp.c_fc.bias")];
    const [w2, b2] = [p("mlp.c_proj.weight"), p("mlp.c_proj.bias")];
    return mlp(tape, n2, { w1, b1, w2, b2 }, gelu, h);
  },
};

async function train(
  block: BlockType,
  precision: "float32" | "bfloat16",
  recompute: boolean,
  accumulate: number,
) {
  const BATCH = 6, SIZE = 16, TOKENS = 5;
  using context = new NativeContext({ threads: 1, precision });
  const spec = benchSpec({
    ...{ width: 32, imageTokens: 5, textTokens: TOKENS, batch: BATCH, layers: 2, vocabulary: 90 },
  });
  const shape = { spec, imageSize: SIZE, textTokens: TOKENS };
  using model = new ClipModel(context, shape, { seed: 5, block, recompute });
  using step = new TrainStep(model, { batch: BATCH, accumulate, weightDecay: 0.2 });
  const pixels = Uint8Array.from({ length: BATCH * SIZE * SIZE * 3 }, (_, i) => (i * 73) % 255);
  const ids = Int32Array.from({ length: BATCH * TOKENS }, (_, i) => (i * 37 + 5) % 90);
  const losses: number[] = [];
  for (let i = 0; i < 3; i++) {
    losses.push((await step.run(pixels, ids, { ...BENCH_SETTINGS, update: i + 1 })).loss);
  }
  return { losses, values: model.parameters.values().map((value) => value.read()) };
}

Deno.test("training with the fused op has every bit of training with separate ops", async () => {
  // On CUDA cuBLASLt adds the stream before the product's sum is rounded.
  const exact = nativeLibrary().info.device !== "cuda";
  for (const precision of ["float32", "bfloat16"] as const) {
    for (const [recompute, accumulate] of [[false, 1], [true, 2]] as const) {
      const seen = await train(residualBlock, precision, recompute, accumulate);
      const want = await train(separateBlock, precision, recompute, accumulate);
      if (exact) assert.deepEqual(seen, want);
      const limit = precision === "float32" ? 1e-5 : 1e-2;
      seen.losses.forEach((loss, i) =>
        assert.ok(Math.abs(loss / want.losses[i] - 1) < limit, `${seen.losses} ${want.losses}`)
      );
    }
  }
});
