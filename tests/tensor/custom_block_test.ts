import assert from "node:assert/strict";
import {
  attention,
  type BlockType,
  ClipModel,
  layerNorm,
  linear,
  mul,
  NativeContext,
  residualBlock,
  type Tape,
  type Tensor,
  TrainStep,
  unary,
} from "../../mod.ts";
import { BENCH_SETTINGS, benchSpec } from "../../src/run/bench/bench_model.ts";

// What a notebook cell would hold: a block with a gated perceptron, (sigmoid(x w0) * x w1) w2, beside
// its attention instead of behind it. Nothing native is touched.
const gatedBlock: BlockType = {
  parameters(prefix, spec, init) {
    const { width, mlp } = spec;
    const kept = residualBlock.parameters(prefix, spec, init)
      .filter(({ name }) => !name.includes(".mlp.") && !name.includes(".ln_2."));
    const gate = (name: string, shape: number[]) => ({
      name: `${prefix}.${name}`,
      shape,
      decay: true,
      init: init.mlpIn,
    });
    return [
      ...kept,
      gate("gate.w0", [mlp, width]),
      gate("gate.w1", [mlp, width]),
      { ...gate("gate.w2", [width, mlp]), init: init.mlpOut },
    ];
  },
  forward(tape: Tape, get, prefix, x: Tensor, { heads, causal, layerNormEps }) {
    const p = (name: string) => get(`${prefix}.${name}`);
    const n = layerNorm(tape, x, p("ln_1.weight"), p("ln_1.bias"), layerNormEps);
    const qkv = linear(tape, n, p("attn.in_proj_weight"), { bias: p("attn.in_proj_bias") });
    const mixed = attention(tape, qkv, { heads, causal });
    const h = linear(tape, mixed, p("attn.out_proj.weight"), {
      bias: p("attn.out_proj.bias"),
      residual: x,
    });
    const gate = unary(tape, linear(tape, n, p("gate.w0")), "sigmoid");
    const gated = mul(tape, gate, linear(tape, n, p("gate.w1")));
    return linear(tape, gated, p("gate.w2"), { residual: h });
  },
};

Deno.test("ClipModel learns when a cell gives it a block type of its own", async () => {
  using context = new NativeContext({ threads: 2 });
  const shape = { width: 32, imageTokens: 5, textTokens: 6, batch: 16, layers: 2, vocabulary: 300 };
  const spec = benchSpec(shape);
  const token = { spec, imageSize: 16, textTokens: 6 };
  using model = new ClipModel(context, token, { seed: 1, block: gatedBlock });
  using step = new TrainStep(model, { batch: 16, weightDecay: 0 });
  const pixels = new Uint8Array(16 * 16 * 16 * 3);
  for (let i = 0; i < pixels.length; i++) pixels[i] = (Math.imul(i + 1, 2654435761) >>> 24) & 255;
  const ids = Int32Array.from({ length: 16 * 6 }, (_, i) => (i * 37 + 5) % 300);
  const losses: number[] = [];
  for (let i = 0; i < 60; i++) {
    const settings = { ...BENCH_SETTINGS, learningRate: 2e-3, update: i + 1 };
    losses.push((await step.run(pixels, ids, settings)).loss);
  }
  assert.ok(losses[0] > 2, `first loss ${losses[0]}`);
  assert.ok(losses[59] < 0.1, `last loss ${losses[59]}`);
});
