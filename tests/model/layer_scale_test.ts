import assert from "node:assert/strict";
import { type BlockSpec, residualBlock } from "../../src/model/residual_block.ts";
import { Initializers } from "../../src/model/initializers.ts";
import { NativeContext } from "../../src/native/context.ts";
import { FixedTensor } from "../../src/tensor/fixed_tensor.ts";
import { ParameterStore } from "../../src/tensor/parameter_store.ts";
import { mul, sum } from "../../src/tensor/ops/elementwise.ts";
import { Tape } from "../../src/tensor/tape.ts";
import { hashedFloats } from "../goldens/hashed.ts";

const [WIDTH, MLP, BATCH, TOKENS] = [12, 20, 3, 5];
const SPEC: BlockSpec = {
  width: WIDTH,
  heads: 3,
  mlp: MLP,
  causal: true,
  gelu: "gelu-quick",
  layerNormEps: 1e-5,
};

type Values = Record<string, Float32Array>;

/** A block's output and the gradients of sum(y * direction). */
function run(context: NativeContext, spec: BlockSpec, values: Values) {
  const specs = residualBlock.parameters("b", spec, new Initializers(1).clipBlock(WIDTH, 2));
  using store = new ParameterStore(context, specs);
  for (const { name } of specs) store.get(name).write(values[name]);
  const fixed = (name: string) =>
    new FixedTensor(context, [BATCH, TOKENS, WIDTH], {
      values: hashedFloats(name, BATCH * TOKENS * WIDTH, -1, 1),
    });
  using x = fixed("x");
  using direction = fixed("direction");
  using tape = new Tape(context, { eager: true });
  const y = residualBlock.forward(tape, (name) => store.get(name), "b", x, spec);
  tape.backward([sum(tape, mul(tape, y, direction)), 1]);
  const gradients: Values = {};
  for (const { name } of specs) {
    gradients[name] = store.copy(name, "gradient").read() as Float32Array;
  }
  return { y: y.read() as Float32Array, gradients };
}

function near(seen: ArrayLike<number>, wanted: ArrayLike<number>, what: string): void {
  const size = Math.max(...Array.from(wanted, Math.abs));
  for (let i = 0; i < wanted.length; i++) {
    assert.ok(
      Math.abs(seen[i] - wanted[i]) < 2e-6 * size,
      `${what} ${i}: ${seen[i]}, ${wanted[i]}`,
    );
  }
}

// gamma (W x + b) = (gamma W) x + gamma b, so a block without factors gives every number of one with them.
Deno.test("LayerScale gives the values and gradients of a block whose weights hold the factors", () => {
  using context = new NativeContext({ threads: 1 });
  const scaled = { ...SPEC, layerScale: 0.1 };
  const init = new Initializers(1).clipBlock(WIDTH, 2);
  const values: Values = {};
  for (const { name, shape } of residualBlock.parameters("b", scaled, init)) {
    values[name] = hashedFloats(name, shape.reduce((a, b) => a * b, 1), -0.8, 0.8);
  }
  const folded = { ...values };
  const halves = [["attn.out_proj", "ls_1"], ["mlp.c_proj", "ls_2"]].map(([layer, factors]) => ({
    weight: `b.${layer}.weight`,
    bias: `b.${layer}.bias`,
    gamma: `b.${factors}.gamma`,
  }));
  for (const { weight, bias, gamma } of halves) {
    const inner = values[weight].length / WIDTH;
    folded[weight] = values[weight].map((w, i) => w * values[gamma][Math.floor(i / inner)]);
    folded[bias] = values[bias].map((b, i) => b * values[gamma][i]);
  }
  const seen = run(context, scaled, values);
  const plain = run(context, SPEC, folded);
  near(seen.y, plain.y, "y");
  const wanted: Values = { ...plain.gradients };
  for (const { weight, bias, gamma } of halves) {
    const inner = values[weight].length / WIDTH;
    const factor = values[gamma];
    const [dw, db] = [plain.gradients[weight], plain.gradients[bias]];
    wanted[weight] = dw.map((d, i) => d * factor[Math.floor(i / inner)]);
    wanted[bias] = db.map((d, i) => d * factor[i]);
    wanted[gamma] = factor.map((_, i) => {
      let total = db[i] * values[bias][i];
      for (let k = 0; k < inner; k++) total += dw[i * inner + k] * values[weight][i * inner + k];
      return total;
    });
  }
  assert.deepEqual(Object.keys(seen.gradients).sort(), Object.keys(wanted).sort());
  for (const name of Object.keys(wanted)) near(seen.gradients[name], wanted[name], name);
});

Deno.test("LayerScale starts at the given factor and its factors do not decay", () => {
  const init = new Initializers(1).clipBlock(WIDTH, 2);
  const factors = residualBlock.parameters("b", { ...SPEC, layerScale: 1e-4 }, init)
    .filter(({ name }) => name.endsWith(".gamma"));
  assert.deepEqual(factors.map(({ name, shape, decay }) => [name, shape, decay]), [
    ["b.ls_1.gamma", [WIDTH], false],
    ["b.ls_2.gamma", [WIDTH], false],
  ]);
  const start = new Float32Array(WIDTH);
  factors[0].init(start);
  assert.deepEqual(start, new Float32Array(WIDTH).fill(1e-4));
});
