import assert from "node:assert/strict";
import { NativeContext } from "../../src/native/context.ts";
import { chosenDevice } from "../../src/native/library.ts";
import { NativeError } from "../../src/native/native_error.ts";
import { OpKind } from "../../src/native/op_kinds.ts";
import { OrtSession, type OrtSessionOptions } from "../../src/onnx/ort_session.ts";
import { FixedTensor } from "../../src/tensor/fixed_tensor.ts";
import { Storage, Tensor } from "../../src/tensor/tensor.ts";
import { customOpModel, floats, tensor } from "./run_custom_op.ts";
import { tinyModel } from "./tiny_model.ts";

/** y = x + x over rows of three. */
const doubled = tinyModel({
  inputs: [{ name: "x", type: "f32", shape: ["rows", 3] }],
  outputs: [{ name: "y", type: "f32", shape: ["rows", 3] }],
  nodes: [{ op: "Add", inputs: ["x", "x"], outputs: ["y"] }],
});

const open = (
  model: Uint8Array<ArrayBuffer>,
  context: NativeContext,
  more: OrtSessionOptions = {},
) => OrtSession.open(model, { threads: 1, provider: chosenDevice().kind, context, ...more });

const fill = (tensor: Tensor, value: number) => ({
  kind: OpKind.FILL,
  dims: [tensor.size],
  scalars: [value],
  operands: [tensor.range()],
});

Deno.test("a bound run reads what the context computed and writes where it is told, every time", async () => {
  using context = new NativeContext({ threads: 1 });
  using x = new FixedTensor(context, [2, 3]);
  using both = new FixedTensor(context, [4, 3]);
  using session = await open(doubled, context);
  assert.match(session.providerNote, /CPU, as asked for|on the stream of the context/);
  using run = await session.bind({ x }, { y: both.rows(2, 2) });
  for (const value of [3, -7]) {
    context.execute([fill(x, value)]);
    await run.execute();
    assert.deepEqual([...both.read()], [...Array(6).fill(0), ...Array(6).fill(2 * value)]);
    assert.deepEqual([...(await run.read("y")).data], Array(6).fill(2 * value));
  }
});

Deno.test("a bound run of a custom op equals a run that copies", async () => {
  const qkv = floats("qkv", [2, 5, 24]);
  const attributes = { heads: 2 };
  const { model } = customOpModel("ShortAttention", { qkv }, { attributes });
  using context = new NativeContext({ threads: 1 });
  using values = new FixedTensor(context, qkv.shape, { values: qkv.data as Float32Array });
  using y = new FixedTensor(context, [2, 5, 8]);
  using session = await open(model, context);
  using run = await session.bind({ qkv: values }, { out: y });
  await run.execute();
  assert.deepEqual(y.read(), (await session.run({ qkv })).out.data);
});

/** Rows of a table of four words, by int64 ids as other exporters write them. */
const words = tinyModel({
  inputs: [{ name: "input_ids", type: "i64", shape: ["batch", 3] }],
  outputs: [{ name: "rows", type: "f32", shape: ["batch", 3, 2] }],
  nodes: [{ op: "Gather", inputs: ["table", "input_ids"], outputs: ["rows"] }],
  weights: { table: { data: new Float32Array([0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]), shape: [4, 2] } },
});

Deno.test("a bound run reads int64 token ids where they are, every time", async () => {
  using context = new NativeContext({ threads: 1 });
  using ids = new FixedTensor(context, [3, 3], { dtype: "i64" });
  using rows = new FixedTensor(context, [2, 3, 2]);
  using session = await open(words, context);
  using run = await session.bind({ input_ids: ids.rows(1, 2) }, { rows });
  for (const batch of [[3, 0, 1, 2, 2, 0], [1, 1, 1, 0, 3, 2]]) {
    ids.write(BigInt64Array.from([9, 9, 9, ...batch], BigInt));
    await run.execute();
    assert.deepEqual([...rows.read()], batch.flatMap((id) => [id, id + 0.5]));
  }
});

Deno.test("a custom op with int64 inputs equals a run that copies when they are bound", async () => {
  const samples = [0, 7, 2 ** 32 + 7, 2 ** 33 + 1];
  const key = (values: number[]) => tensor(BigInt64Array.from(values, BigInt), [values.length]);
  const feeds = { samples: key(samples), seed: key([2 ** 32 + 9]), epoch: key([3]) };
  const attributes = { strategy: "random", grid: 4, keep: 5 };
  const { model } = customOpModel("TokenReduce", feeds, { attributes });
  using context = new NativeContext({ threads: 1 });
  using rows = new FixedTensor(context, [4], {
    dtype: "i64",
    values: feeds.samples.data as BigInt64Array,
  });
  using session = await open(model, context);
  using run = await session.bind({ ...feeds, samples: rows });
  await run.execute();
  assert.deepEqual(await run.read("out"), (await session.run(feeds)).out);
});

Deno.test("bind refuses int64 where the model has no int64, the other way round, and between elements", async () => {
  using context = new NativeContext({ threads: 1 });
  using short = new FixedTensor(context, [2, 3], { dtype: "i32" });
  using long = new FixedTensor(context, [2, 3], { dtype: "i64" });
  using wide = new FixedTensor(context, [7], { dtype: "i64" });
  using byIds = await open(words, context);
  using byFloats = await open(doubled, context);
  const between = new Tensor([2, 3], new Storage(48, wide.storage.buffer, 4), { dtype: "i64" });
  await assert.rejects(
    async () => await byIds.bind({ input_ids: short }),
    /input input_ids is i32 \[2,3\]; allowed is i64 \[batch,3\]/,
  );
  await assert.rejects(
    async () => await byFloats.bind({ x: long }),
    /input x is i64 \[2,3\]; allowed is f32 \[rows,3\]/,
  );
  await assert.rejects(
    async () => await byIds.bind({ input_ids: between }),
    /bytes 4\+48 of a buffer of 56; allowed are offsets of whole 8 bytes inside it/,
  );
  assert.throws(() => long.write(new Int32Array(6)), /writing 24 bytes .* of i64, which has 48/);
  assert.throws(() => long.read(), /holds i64, not f32/);
});

Deno.test("a bound run takes host values and gives outputs that were not bound", async () => {
  using context = new NativeContext({ threads: 1 });
  using session = await open(doubled, context);
  using run = await session.bind({ x: { data: new Float32Array([1, 2, 3]), shape: [1, 3] } });
  await run.execute();
  assert.deepEqual(await run.read("y"), { data: new Float32Array([2, 4, 6]), shape: [1, 3] });
});

Deno.test("a bound run takes turns with the programs of its context", async () => {
  // A program takes long, a run is short: runs would fall into the middle of it.
  const rows = chosenDevice().kind === "cpu" ? 500_000 : 2000;
  using context = new NativeContext({ threads: 2 });
  using x = new FixedTensor(context, [rows, 3]);
  using y = new FixedTensor(context, [1, 3]);
  using session = await open(doubled, context);
  using run = await session.bind({ x: x.rows(rows - 1, 1) }, { y });
  using program = context.program(Array.from({ length: 40 }, (_, i) => fill(x, i - 39)));
  context.execute([fill(x, 5)]);
  for (let i = 0; i < 5; i++) {
    let running = true;
    const end = program.run().then(() => running = false);
    do {
      await run.execute();
      // Before the program or behind it, never among its ops.
      const [seen] = y.read();
      assert.ok(seen === 0 || seen === 10, `${seen}`);
    } while (running);
    await end;
    context.execute([fill(x, 5)]);
  }
});

Deno.test("bind says what it wants when tensors do not fit", async () => {
  using context = new NativeContext({ threads: 1 });
  using x = new FixedTensor(context, [2, 3]);
  using flat = new FixedTensor(context, [6]);
  using ids = new FixedTensor(context, [2, 3], { dtype: "i32" });
  using session = await open(doubled, context);
  const cases: [Parameters<OrtSession["bind"]>, RegExp][] = [
    [[{}], /inputs are none; the model has x/],
    [[{ x, z: x }], /inputs are x, z; the model has x/],
    [[{ x }, { z: x }], /outputs are z; the model has y/],
    [[{ x: flat }], /input x is f32 \[6\]; allowed is f32 \[rows,3\]/],
    [[{ x: ids }], /input x is i32 \[2,3\]; allowed is f32 \[rows,3\]/],
    [[{ x }, { y: flat }], /output y is f32 \[6\]; allowed is f32 \[rows,3\]/],
  ];
  for (const [given, message] of cases) {
    await assert.rejects(async () => await session.bind(...given), message);
  }
  using run = await session.bind({ x }, { y: x });
  await assert.rejects(() => run.read("z"), /the output is z; the model has y/);
  using other = await session.bind({ x }, { y: new FixedTensor(context, [1, 3]) });
  await assert.rejects(() => other.execute(), NativeError, "a bound output of another shape");
});

Deno.test("a tensor that was disposed cannot be bound, a session cannot use a context that was", async () => {
  using context = new NativeContext({ threads: 1 });
  using session = await open(doubled, context);
  const gone = new FixedTensor(context, [2, 3]);
  gone[Symbol.dispose]();
  await assert.rejects(async () => await session.bind({ x: gone }), /buffer handle is stale/);
  const ended = new NativeContext({ threads: 1 });
  ended[Symbol.dispose]();
  await assert.rejects(() => open(doubled, ended), /the context handle is stale/);
  await assert.rejects(
    () => open(doubled, context, { userStream: 64n }),
    /params.user_stream is set too; a session runs on that stream or on a context's/,
  );
});

Deno.test({
  name: "device memory cannot be bound when the session runs on the CPU",
  ignore: chosenDevice().kind === "cpu", // its memory is the host's
  async fn() {
    using context = new NativeContext({ threads: 1 });
    using x = new FixedTensor(context, [2, 3]);
    using session = await open(doubled, context, { provider: "cpu" });
    await assert.rejects(
      async () => await session.bind({ x }),
      /the buffer is device memory and the session runs on the CPU; open it with the provider cuda/,
    );
  },
});
