import assert from "node:assert/strict";
import { NativeContext } from "../../src/native/context.ts";
import { chosenDevice, nativeLibrary } from "../../src/native/library.ts";
import { checkOrt, readOrtText } from "../../src/native/ort_check.ts";
import { CUSTOM_OPS } from "../../src/onnx/custom_ops.ts";
import type { OrtTensor } from "../../src/onnx/ort_session.ts";
import { FixedTensor } from "../../src/tensor/fixed_tensor.ts";
import { attention as attentionOp } from "../../src/tensor/ops/attention.ts";
import { l2Normalize } from "../../src/tensor/ops/l2_normalize.ts";
import { layerNorm as layerNormOp } from "../../src/tensor/ops/layer_norm.ts";
import { linear as linearOp } from "../../src/tensor/ops/linear.ts";
import { assembleTokens, patchify } from "../../src/tensor/ops/patches.ts";
import { pool as poolOp, type Pooling } from "../../src/tensor/ops/pool.ts";
import { Tape } from "../../src/tensor/tape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { residualBlock } from "../../src/model/residual_block.ts";
import { hashedIntegers } from "../goldens/hashed.ts";
import { blockInputs, PARAMETERS, patchInputs } from "./custom_op_inputs.ts";
import { attention, difference, gelu, layerNorm, linear } from "./reference.ts";
import { floats, type OpInputs, runCustomOp, tensor } from "./run_custom_op.ts";

/** What the training library's ops make of the same inputs. */
function trained(
  inputs: OpInputs,
  forward: (tape: Tape, get: (name: string) => Tensor) => Tensor,
): Float32Array {
  using context = new NativeContext({ threads: 1 });
  using tape = new Tape(context, { eager: true });
  const get = (name: string) => {
    const { data, shape } = inputs[name] as OrtTensor;
    const dtype = data instanceof Uint8Array ? "u8" : data instanceof Int32Array ? "i32" : "f32";
    return new FixedTensor(context, shape, { dtype, values: data as Float32Array });
  };
  return forward(tape, get).read();
}

Deno.test("CUSTOM_OPS equals what the library registers", () => {
  const text = readOrtText((out, bytes, needed) =>
    checkOrt(
      nativeLibrary().symbols.clipa_ort_custom_ops(out, bytes, needed),
      "clipa_ort_custom_ops",
    )
  );
  assert.deepEqual(JSON.parse(text), CUSTOM_OPS);
});

Deno.test("ShortAttention equals the training op and double precision over token counts", async () => {
  for (
    const [batch, tokens, heads, head] of [[3, 1, 2, 8], [2, 17, 3, 32], [2, 36, 1, 20], [
      1,
      65,
      2,
      64,
    ]]
  ) {
    for (const causal of [0, 1]) {
      const width = heads * head;
      const inputs = { qkv: floats("qkv", [batch, tokens, 3 * width], -2, 2) };
      const y = await runCustomOp("ShortAttention", inputs, { attributes: { heads, causal } });
      assert.deepEqual(y.shape, [batch, tokens, width]);
      const library = trained(
        inputs,
        (tape, get) => attentionOp(tape, get("qkv"), { heads, causal: causal === 1 }),
      );
      assert.deepEqual(y.data, library, "the same bits as in training");
      const exact = attention(inputs.qkv.data as Float32Array, y.shape, heads, causal === 1);
      assert.ok(difference(y.data as Float32Array, exact) < 2e-6);
    }
  }
});

Deno.test("PatchEmbed equals patchify, projection and assembly with and without its options", async () => {
  for (const [classToken, kept] of [[true, true], [true, false], [false, true], [false, false]]) {
    const { inputs, patch, plain, meanStd } = patchInputs(classToken, kept);
    const all = { ...inputs, plain, meanStd: tensor(meanStd, [6]) };
    const library = trained(all, (tape, get) => {
      const index = kept ? get("kept") : undefined;
      const rows = patchify(tape, get("pixels"), get("meanStd"), patch, index);
      return assembleTokens(tape, linearOp(tape, rows, get("plain")), {
        cls: classToken ? get("class_token") : undefined,
        position: get("position"),
        kept: index,
      });
    });
    const constants = ["weight", "bias", "class_token", "position"];
    const options = { attributes: { patch }, constants };
    const y = await runCustomOp("PatchEmbed", inputs, options);
    assert.deepEqual(y.shape, [3, (kept ? 4 : 9) + (classToken ? 1 : 0), 19]);
    assert.ok(difference(y.data as Float32Array, library) < 1e-5);
    const free = await runCustomOp("PatchEmbed", inputs, { ...options, constants: [] });
    assert.deepEqual(free.data, y.data, "weights that are inputs give the same bits");
  }
});

Deno.test("PatchEmbed does not read dropped patches", async () => {
  const { inputs, patch } = patchInputs(true, true);
  const kept = inputs.kept!.data as Int32Array;
  const pixels = (inputs.pixels!.data as Uint8Array).slice();
  const before = await runCustomOp("PatchEmbed", inputs, { attributes: { patch } });
  for (let i = 0; i < pixels.length; i++) {
    const [b, y, x] = [Math.floor(i / 432), Math.floor(i / 36) % 12, Math.floor(i / 3) % 12];
    const number = Math.floor(y / 4) * 3 + Math.floor(x / 4);
    if (!kept.subarray(4 * b, 4 * b + 4).includes(number)) pixels[i] ^= 255;
  }
  const changed = { ...inputs, pixels: tensor(pixels, inputs.pixels!.shape) };
  assert.deepEqual(await runCustomOp("PatchEmbed", changed, { attributes: { patch } }), before);
});

Deno.test("PoolProjectNormalize equals pool, norm, projection and L2 norm for every pooling", async () => {
  const [batch, tokens, width, embed] = [37, 6, 24, 21];
  const ids = hashedIntegers("ids", batch * tokens, 0, 50);
  const inputs: OpInputs = {
    x: floats("x", [batch, tokens, width], -2, 2),
    gamma: floats("gamma", [width], 0.5, 1.5),
    beta: floats("beta", [width]),
    projection: floats("projection", [width, embed]),
    ids: tensor(ids, [batch, tokens]),
  };
  for (const pooling of ["cls", "mean", "mean-patches", "last", "argmax"]) {
    for (const rule of ["max", "add"] as const) {
      const given = pooling === "argmax" ? inputs : { ...inputs, ids: null };
      const attributes = {
        pool: pooling,
        eps: { float: 1e-5 },
        norm_eps: { float: 0.5 },
        norm_add_eps: rule === "add" ? 1 : 0,
      };
      const y = await runCustomOp("PoolProjectNormalize", given, {
        attributes,
        constants: ["gamma", "beta", "projection"],
      });
      assert.deepEqual(y.shape, [batch, embed]);
      const kind = pooling === "argmax" ? "eot" : pooling as Pooling;
      const library = trained(inputs, (tape, get) => {
        const pooled = poolOp(tape, get("x"), kind, get("ids"));
        const normed = layerNormOp(tape, pooled, get("gamma"), get("beta"), 1e-5);
        const features = linearOp(tape, normed, get("projection"), { layout: "in-out" });
        return l2Normalize(tape, features, { eps: 0.5, rule });
      });
      assert.ok(difference(y.data as Float32Array, library) < 1e-6, `${pooling} ${rule}`);
    }
  }
});

Deno.test("ResidualBlock equals the training block and double precision over shapes", async () => {
  const shapes = [[1, 1, 16, 40, 2], [5, 17, 48, 100, 3], [2, 65, 64, 256, 1], [33, 4, 24, 33, 4]];
  for (const [batch, tokens, width, mlp, heads] of shapes) {
    for (
      const [causal, kind, scaled] of [
        [0, "erf", false],
        [1, "tanh", false],
        [0, "quick", true],
        [1, "erf", true],
      ] as const
    ) {
      const inputs = blockInputs(batch, tokens, width, mlp, scaled);
      const values = (name: string) => inputs[name]!.data as Float32Array;
      const y = await runCustomOp("ResidualBlock", inputs, {
        attributes: { heads, causal, gelu: kind, eps: { float: 1e-5 } },
        constants: Object.values(PARAMETERS),
      });
      const library = trained(inputs, (tape, get) =>
        residualBlock.forward(
          tape,
          (name) => get(PARAMETERS[name.slice("block.".length)]),
          "block",
          get("x"),
          {
            width,
            heads,
            mlp,
            causal: causal === 1,
            gelu: `gelu-${kind}`,
            layerNormEps: 1e-5,
            ...(scaled ? { layerScale: 1 } : {}),
          },
        ));
      const n1 = layerNorm(values("x"), values("gamma_1"), values("beta_1"), 1e-5);
      const qkv = linear(n1, values("weight_qkv"), width, values("bias_qkv"));
      const mixed = attention(qkv, [batch, tokens, width], heads, causal === 1);
      const out = linear(mixed, values("weight_out"), width, values("bias_out"));
      const factor = (name: string, i: number) => scaled ? values(name)[i % width] : 1;
      const middle = out.map((v, i) => factor("scale_1", i) * v + values("x")[i]);
      const n2 = layerNorm(middle, values("gamma_2"), values("beta_2"), 1e-5);
      const hidden = linear(n2, values("weight_fc"), width, values("bias_fc"));
      const active = hidden.map((v) => gelu(v, kind));
      const exact = linear(active, values("weight_proj"), mlp, values("bias_proj"))
        .map((v, i) => factor("scale_2", i) * v + middle[i]);
      assert.deepEqual(y.shape, [batch, tokens, width]);
      const title = `${batch} x ${tokens} x ${width}`;
      assert.ok(difference(y.data as Float32Array, exact) < 1e-5, title);
      assert.ok(difference(y.data as Float32Array, library) < 1e-5, title);
    }
  }
});

Deno.test("ResidualBlock has the same bits for any number of threads and free weights", async () => {
  const inputs = blockInputs(9, 17, 32, 70);
  const attributes = { heads: 2, gelu: "erf" };
  const constants = Object.values(PARAMETERS);
  const one = await runCustomOp("ResidualBlock", inputs, { attributes, constants, threads: 1 });
  const three = await runCustomOp("ResidualBlock", inputs, { attributes, constants, threads: 3 });
  const free = await runCustomOp("ResidualBlock", inputs, { attributes, constants: [] });
  assert.deepEqual(three.data, one.data);
  assert.deepEqual(free.data, one.data);
});

Deno.test({
  name: "ResidualBlock has the same bits when threads share the rows of few samples",
  ignore: chosenDevice().kind !== "cpu", // no threads share rows elsewhere
  fn: sharedRows,
});

async function sharedRows() {
  const constants = Object.values(PARAMETERS);
  // Pieces of a sample, pieces across samples, more threads than rows are worth, several rounds.
  for (
    const [batch, tokens, causal] of [[1, 65, 0], [3, 50, 1], [1, 5, 1], [5, 65, 0], [1, 400, 1]]
  ) {
    const inputs = blockInputs(batch, tokens, 48, 100);
    const attributes = { heads: 3, gelu: "tanh", causal };
    const run = async (threads: number) =>
      (await runCustomOp("ResidualBlock", inputs, { attributes, constants, threads })).data;
    const one = await run(1);
    for (const threads of [2, 3, 7]) {
      assert.deepEqual(await run(threads), one, `${batch} x ${tokens}, ${threads} threads`);
    }
  }
}

Deno.test("custom ops give an empty output when the batch is empty", async () => {
  const qkv = tensor(new Float32Array(0), [0, 5, 24]);
  const y = await runCustomOp("ShortAttention", { qkv }, { attributes: { heads: 2 } });
  assert.deepEqual(y, { data: new Float32Array(0), shape: [0, 5, 8] });
});
