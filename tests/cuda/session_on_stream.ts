/**
 * What the emulation can count of a session on the stream of a context. A suite for
 * `emulated_ort_test.ts`, which names the libraries.
 */
import assert from "node:assert/strict";
import { NativeContext } from "../../src/native/context.ts";
import { libraryPath } from "../../src/native/library.ts";
import { NativeError } from "../../src/native/native_error.ts";
import { OpKind } from "../../src/native/op_kinds.ts";
import { OrtSession } from "../../src/onnx/ort_session.ts";
import { FixedTensor } from "../../src/tensor/fixed_tensor.ts";
import { blockInputs, PARAMETERS } from "../onnx/custom_op_inputs.ts";
import { customOpModel, floats, tensor } from "../onnx/run_custom_op.ts";
import { EMULATED_ORT } from "./emulated_ort.ts";

const emulation = Deno.dlopen(libraryPath(), {
  emulation_bytes_to_host: { parameters: [], result: "u64" },
  emulation_blocks_held: { parameters: [], result: "i64" },
  emulation_queued: { parameters: ["pointer"], result: "u64" },
}).symbols;
const ort = Deno.dlopen(EMULATED_ORT, {
  emulated_ort_stream: { parameters: [], result: "pointer" },
}).symbols;

const attributes = { heads: 2 };
const qkv = floats("qkv", [2, 5, 24]);

Deno.test("a session's nodes go to the stream of its context, and nothing goes to the host", async () => {
  const { model } = customOpModel("ShortAttention", { qkv }, { attributes });
  using context = new NativeContext({ threads: 1 });
  using values = new FixedTensor(context, qkv.shape, { values: qkv.data as Float32Array });
  using y = new FixedTensor(context, [2, 5, 8]);
  using session = await OrtSession.open(model, { provider: "cuda", context });
  assert.equal(session.providerNote, "CUDA device 0, on the stream of the context");
  const stream = ort.emulated_ort_stream();
  const queued = () => emulation.emulation_queued(stream);
  assert.notEqual(stream, null);

  const before = queued();
  const operands = [values.range(), values.range()];
  const op = { kind: OpKind.SCALE, dims: [values.size], scalars: [0.5], operands };
  using program = context.program([{ ...op, operands: [operands[0], null, operands[1]] }]);
  await program.run();
  assert.equal(queued(), before + 1n, "the context's op went to this stream");

  using run = await session.bind({ qkv: values }, { out: y });
  // From the third run on the program is replayed from a recording of the stream.
  for (let i = 0; i < 4; i++) {
    await program.run();
    const [launches, bytes] = [queued(), emulation.emulation_bytes_to_host()];
    await run.execute();
    assert.equal(queued(), launches + 1n, "one kernel for the node");
    assert.equal(emulation.emulation_bytes_to_host() - bytes, 4n, "the word for problems alone");
  }
  const halved = (qkv.data as Float32Array).map((value) => value / 32);
  assert.deepEqual(y.read(), (await session.run({ qkv: tensor(halved, qkv.shape) })).out.data);
});

Deno.test("wrong data fails its own run and no other, and its token is not-a-number", async () => {
  const pixels = { name: "pixels", data: new Uint8Array(48).fill(7), shape: [1, 4, 4, 3] };
  const model = (kept: number[]) => ({
    pixels: tensor(pixels.data, pixels.shape),
    weight: floats("w", [5, 12]),
    bias: floats("b", [5]),
    class_token: null,
    position: floats("p", [4, 5]),
    kept: tensor(new Int32Array(kept), [1, kept.length]),
  });
  const good = model([2, 3]);
  const { model: bytes } = customOpModel("PatchEmbed", good, { attributes: { patch: 2 } });
  using context = new NativeContext({ threads: 1 });
  using y = new FixedTensor(context, [1, 2, 5]);
  using session = await OrtSession.open(bytes, { provider: "cuda", context });
  const feeds = (kept: number[]) =>
    Object.fromEntries(
      Object.entries(model(kept)).flatMap(([name, value]) => value === null ? [] : [[name, value]]),
    );
  using wrong = await session.bind(feeds([1, 4]), { out: y });
  for (let i = 0; i < 2; i++) {
    await assert.rejects(() => wrong.execute(), (error: unknown) => {
      assert.ok(error instanceof NativeError);
      assert.equal(error.code, 1);
      assert.match(error.message, /PatchEmbed: a patch index lies outside the picture/);
      return true;
    });
    const seen = [...y.read()];
    assert.ok(seen.slice(0, 5).every(Number.isFinite), `${seen}`);
    assert.ok(seen.slice(5).every(Number.isNaN), `${seen}`);
    assert.ok((await session.run(feeds([2, 3]))).out.data.length === 10);
  }
});

Deno.test("nodes without a context run where ONNX Runtime says", async () => {
  const { model } = customOpModel("ShortAttention", { qkv }, { attributes });
  using session = await OrtSession.open(model, { provider: "cuda" });
  assert.equal(session.providerNote, "CUDA device 0");
  assert.equal(ort.emulated_ort_stream(), null);
  assert.equal((await session.run({ qkv })).out.data.length, 80);
});

Deno.test("runs in flight on one stream leave each other's workspace alone", async () => {
  const { model } = customOpModel("ResidualBlock", blockInputs(3, 5, 24, 50), {
    attributes: { heads: 2, gelu: "erf" },
    constants: Object.values(PARAMETERS),
  });
  using session = await OrtSession.open(model, { provider: "cuda", threads: 1 });
  const inputs = Array.from({ length: 8 }, (_, i) => floats(`x${i}`, [3, 5, 24], -2, 2));
  const alone: unknown[] = [];
  for (const x of inputs) alone.push((await session.run({ x })).out.data);
  const together = await Promise.all(inputs.map((x) => session.run({ x })));
  together.forEach(({ out }, i) => assert.deepEqual(out.data, alone[i]));
});

Deno.test("a session's memory on the device ends with it, while another session stays open", async () => {
  const { model } = customOpModel("ShortAttention", { qkv }, { attributes });
  const feeds = { qkv };
  using stays = await OrtSession.open(model, { provider: "cuda" });
  await stays.run(feeds);
  const held = emulation.emulation_blocks_held();
  for (let i = 0; i < 3; i++) {
    using context = new NativeContext({ threads: 1 });
    using session = await OrtSession.open(model, { provider: "cuda", context });
    await session.run(feeds);
    assert.ok(emulation.emulation_blocks_held() > held);
  }
  assert.equal(emulation.emulation_blocks_held(), held);
});
