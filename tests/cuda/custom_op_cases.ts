/**
 * Runs every custom op at the shapes of its tests and over token counts, on the device that
 * `CLIPA_DEVICE` names, and writes the outputs to the file of the first argument: a line of JSON each,
 * with name and values.
 *
 * @module
 */
import { hashedIntegers } from "../goldens/hashed.ts";
import { blockInputs, PARAMETERS, patchInputs } from "../onnx/custom_op_inputs.ts";
import { floats, type OpInputs, type OpRun, runCustomOp, tensor } from "../onnx/run_custom_op.ts";

const TOKENS = [1, 4, 5, 17, 37, 50, 65, 197];

type Case = [name: string, op: string, inputs: OpInputs, options: OpRun];

function attention(batch: number, tokens: number, heads: number, head: number): Case[] {
  const qkv = floats("qkv", [batch, tokens, 3 * heads * head], -2, 2);
  return [0, 1].map((causal) => [
    `ShortAttention ${[batch, tokens, heads, head]} causal ${causal}`,
    "ShortAttention",
    { qkv },
    { attributes: { heads, causal } },
  ]);
}

function block(batch: number, tokens: number, width: number, mlp: number, heads: number): Case[] {
  const kinds = [[0, "erf", false], [1, "tanh", false], [0, "quick", true]] as const;
  return kinds.map(([causal, gelu, scaled]) => [
    `ResidualBlock ${[batch, tokens, width, mlp, heads]} ${gelu}`,
    "ResidualBlock",
    blockInputs(batch, tokens, width, mlp, scaled),
    {
      attributes: { heads, causal, gelu, eps: { float: 1e-5 } },
      constants: Object.values(PARAMETERS),
    },
  ]);
}

function pool(batch: number, tokens: number, width: number, embed: number): Case[] {
  const inputs = {
    x: floats("x", [batch, tokens, width], -2, 2),
    gamma: floats("gamma", [width], 0.5, 1.5),
    beta: floats("beta", [width]),
    projection: floats("projection", [width, embed]),
  };
  const ids = tensor(hashedIntegers("ids", batch * tokens, 0, 50), [batch, tokens]);
  const pools = ["cls", "mean", "mean-patches", "last", "argmax"];
  return pools.filter((name) => tokens > 1 || name !== "mean-patches").flatMap((name) =>
    [0, 1].map((add): Case => [
      `PoolProjectNormalize ${[batch, tokens, width, embed]} ${name} ${add}`,
      "PoolProjectNormalize",
      { ...inputs, ids: name === "argmax" ? ids : null },
      { attributes: { pool: name, norm_eps: { float: 0.5 }, norm_add_eps: add } },
    ])
  );
}

function* cases(): Generator<Case> {
  for (const tokens of TOKENS) {
    yield* attention(2, tokens, 2, 24);
    yield* attention(1, tokens, 1, 7);
    yield* pool(2, tokens, 33, 20);
    if (tokens < 197) yield* block(2, tokens, 24, 50, 2);
  }
  yield* attention(3, 1, 2, 8);
  yield* attention(2, 17, 3, 32);
  yield* attention(2, 36, 1, 20);
  yield* attention(1, 65, 2, 64);
  yield* pool(37, 6, 24, 21);
  // Too wide for shared memory: pooling and the norm are two kernels.
  yield* pool(2, 3, 30000, 3);
  yield* block(1, 1, 16, 40, 2);
  yield* block(5, 17, 48, 100, 3);
  yield* block(2, 65, 64, 256, 1);
  yield* block(33, 4, 24, 33, 4);
  // More rows than a block takes at a time.
  yield* block(4200, 4, 8, 8, 1);
  for (const [classToken, kept] of [[true, true], [true, false], [false, true], [false, false]]) {
    const { inputs, patch } = patchInputs(classToken, kept);
    const name = `PatchEmbed class ${classToken} kept ${kept}`;
    yield [name, "PatchEmbed", inputs, { attributes: { patch } }];
  }
}

if (import.meta.main) {
  using file = Deno.openSync(Deno.args[0], { write: true, create: true, truncate: true });
  const line = (text: string) => file.writeSync(new TextEncoder().encode(`${text}\n`));
  for (const [name, op, inputs, options] of cases()) {
    const { data } = await runCustomOp(op, inputs, options);
    line(JSON.stringify({ name, values: [...data as Float32Array] }));
  }
}
