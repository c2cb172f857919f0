import assert from "node:assert/strict";
import { NativeContext } from "../../src/native/context.ts";
import { nativeLibrary } from "../../src/native/library.ts";
import { NativeError } from "../../src/native/native_error.ts";
import { OrtSession } from "../../src/onnx/ort_session.ts";
import { type TinyModel, tinyModel, tinyWeights } from "./tiny_model.ts";

/** y = x + x over rows of three. */
const doubled = tinyModel({
  inputs: [{ name: "x", type: "f32", shape: ["rows", 3] }],
  outputs: [{ name: "y", type: "f32", shape: ["rows", 3] }],
  nodes: [{ op: "Add", inputs: ["x", "x"], outputs: ["y"] }],
});

/** y = x w with w [3, 2], beside the model when `external` is given. */
function product(external?: string): TinyModel {
  return {
    inputs: [{ name: "x", type: "f32", shape: ["rows", 3] }],
    outputs: [{ name: "y", type: "f32", shape: ["rows", 2] }],
    nodes: [{ op: "MatMul", inputs: ["x", "w"], outputs: ["y"] }],
    weights: { w: { data: new Float32Array([1, 2, 3, 4, 5, 6]), shape: [3, 2] } },
    external,
  };
}

const row = (...values: number[]) => ({ data: new Float32Array(values), shape: [1, 3] });

/** The NativeError of a promise. */
async function failure(promise: Promise<unknown>): Promise<NativeError> {
  const error = await promise.then(() => undefined, (reason) => reason);
  assert.ok(error instanceof NativeError, `a NativeError, not ${error}`);
  return error;
}

Deno.test("OrtSession runs a model and describes it when opened from bytes", async () => {
  using session = await OrtSession.open(doubled, { threads: 1, provider: "cpu" });
  assert.deepEqual(session.inputs, ["x"]);
  assert.deepEqual(session.outputs, ["y"]);
  assert.deepEqual(session.inputSlots, [{ name: "x", type: "f32", shape: ["rows", 3] }]);
  assert.equal(session.provider, "cpu");
  const { y } = await session.run({ x: row(1, 2, 3) });
  assert.deepEqual(y, { data: new Float32Array([2, 4, 6]), shape: [1, 3] });
});

Deno.test("OrtSession passes every element type through when the graph is an identity", async () => {
  const values = {
    f32: new Float32Array([1.5, -0]),
    u8: new Uint8Array([0, 255]),
    i32: new Int32Array([-1, 2 ** 31 - 1]),
    i64: new BigInt64Array([-1n, 2n ** 62n]),
  };
  for (const type of ["f32", "u8", "i32", "i64"] as const) {
    const tensor = { type, shape: ["n"] };
    using session = await OrtSession.open(tinyModel({
      inputs: [{ name: "x", ...tensor }],
      outputs: [{ name: "y", ...tensor }],
      nodes: [{ op: "Identity", inputs: ["x"], outputs: ["y"] }],
    }));
    const { y } = await session.run({ x: { data: values[type], shape: [2] } });
    assert.deepEqual(y.data, values[type]);
  }
});

Deno.test("OrtSession gives an empty output when the batch is empty", async () => {
  using session = await OrtSession.open(doubled);
  const { y } = await session.run({ x: { data: new Float32Array(0), shape: [0, 3] } });
  assert.deepEqual(y, { data: new Float32Array(0), shape: [0, 3] });
});

Deno.test("OrtSession keeps runs apart when many are in flight", async () => {
  using session = await OrtSession.open(doubled, { threads: 1 });
  const results = await Promise.all(
    Array.from({ length: 32 }, (_, i) => session.run({ x: row(i, i + 1, -i) })),
  );
  results.forEach(({ y }, i) => assert.deepEqual([...y.data], [2 * i, 2 * i + 2, -2 * i]));
});

Deno.test("OrtSession reads weights beside the model when they are external", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const model = product("weights.bin");
    Deno.writeFileSync(`${folder}/model.onnx`, tinyModel(model));
    Deno.writeFileSync(`${folder}/weights.bin`, tinyWeights(model));
    using session = await OrtSession.open(`${folder}/model.onnx`);
    const { y } = await session.run({ x: row(1, 0, -1) });
    assert.deepEqual([...y.data], [-4, -4]);

    Deno.removeSync(`${folder}/weights.bin`);
    const missing = await failure(OrtSession.open(`${folder}/model.onnx`));
    assert.match(missing.message, /weights\.bin/);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("OrtSession says what it wants when inputs do not fit", async () => {
  using session = await OrtSession.open(doubled);
  const x = new Float32Array(6);
  const cases: [feeds: Parameters<OrtSession["run"]>[0], message: RegExp][] = [
    [{}, /inputs are none; the model has x/],
    [{ x: { data: x, shape: [2, 3] }, z: row(1, 2, 3) }, /inputs are x, z; the model has x/],
    [{ x: { data: x, shape: [3, 2] } }, /input x is f32 \[3,2\]; allowed is f32 \[rows,3\]/],
    [{ x: { data: x, shape: [6] } }, /input x is f32 \[6\]; allowed is f32 \[rows,3\]/],
    [{ x: { data: x, shape: [1, 3] } }, /input x has 6 values; its shape \[1,3\] has 3/],
    [{ x: { data: x, shape: [-2, 3] } }, /input x has shape \[-2,3\]/],
    [{ x: { data: new Int32Array(6), shape: [2, 3] } }, /input x is i32 \[2,3\]; allowed is f32/],
    [{ x: { data: new Float64Array(6) as never, shape: [2, 3] } }, /Float64Array.*allowed are/],
  ];
  for (const [feeds, message] of cases) await assert.rejects(session.run(feeds), message);
  assert.deepEqual([...(await session.run({ x: row(1, 2, 3) })).y.data], [2, 4, 6]);
});

Deno.test("OrtSession refuses options out of range", async () => {
  await assert.rejects(OrtSession.open(doubled, { threads: 0 }), /threads is 0; allowed are 1 to/);
  await assert.rejects(OrtSession.open(doubled, { threads: 257 }), /threads is 257/);
  await assert.rejects(
    OrtSession.open(doubled, { provider: "tpu" as never }),
    /provider is tpu; allowed are auto, cpu, cuda/,
  );
  assert.match((await failure(OrtSession.open(doubled, { device: -1 }))).message, /device is -1/);
});

Deno.test("OrtSession fails with ONNX Runtime's message when the model is broken", async () => {
  const path = Deno.makeTempFileSync({ suffix: ".onnx" });
  try {
    const whole = tinyModel(product());
    for (const length of [whole.length - 1, Math.floor(whole.length / 2), 3]) {
      Deno.writeFileSync(path, whole.subarray(0, length));
      const error = await failure(OrtSession.open(path));
      assert.ok(error.message.includes(path) || /protobuf|model/i.test(error.message), `${error}`);
      await failure(OrtSession.open(whole.slice(0, length)));
    }
  } finally {
    Deno.removeSync(path);
  }
  const missing = await failure(OrtSession.open(path));
  assert.equal(missing.code, 3);
  assert.ok(missing.message.includes(path));
  assert.match((await failure(OrtSession.open(""))).message, /neither a path nor the bytes/);
  assert.match(
    (await failure(OrtSession.open(new Uint8Array(0)))).message,
    /neither a path nor the bytes/,
  );
});

Deno.test("OrtSession names the op when the library has none of that name", async () => {
  const model = tinyModel({
    inputs: [{ name: "x", type: "f32", shape: [3] }],
    outputs: [{ name: "y", type: "f32", shape: [3] }],
    nodes: [{ op: "LongAttention", domain: "clipa", inputs: ["x"], outputs: ["y"] }],
  });
  assert.match((await failure(OrtSession.open(model))).message, /clipa:LongAttention/);
});

Deno.test("OrtSession says what CUDA needs when it is asked for and does not load", async () => {
  const error = await OrtSession.open(doubled, { provider: "cuda" }).then(
    (session) => {
      // A machine with a GPU and the provider beside ONNX Runtime.
      assert.equal(session.provider, "cuda");
      session[Symbol.dispose]();
    },
    (reason) => reason,
  );
  if (error !== undefined) {
    assert.ok(error instanceof NativeError);
    assert.match(
      error.message,
      /the CUDA provider cannot be used: .*libonnxruntime_providers_cuda/,
    );
  }
  using session = await OrtSession.open(doubled);
  assert.match(session.providerNote, /^(CPU; no CUDA because|CUDA device)/);
});

Deno.test("OrtSession fails as stale when it runs after dispose, and may be disposed twice", async () => {
  const session = await OrtSession.open(doubled);
  session[Symbol.dispose]();
  session[Symbol.dispose]();
  const error = await failure(session.run({ x: row(1, 2, 3) }));
  assert.equal(error.code, 4);
  assert.match(error.message, /stale/);
});

Deno.test("OrtSession finishes a run in flight when it is disposed meanwhile", async () => {
  const session = await OrtSession.open(doubled);
  const running = session.run({ x: row(1, 2, 3) });
  session[Symbol.dispose]();
  assert.deepEqual([...(await running).y.data], [2, 4, 6]);
});

Deno.test("OrtSession copies large tensors in parts, and says when one was taken away", async () => {
  using session = await OrtSession.open(doubled);
  // More than two parts, and not a whole number of them.
  const rows = 200_001;
  const x = Float32Array.from({ length: rows * 3 }, (_, i) => i);
  const { y } = await session.run({ x: { data: x, shape: [rows, 3] } });
  assert.deepEqual(y.shape, [rows, 3]);
  assert.ok(y.data.every((value, i) => value === Math.fround(2 * x[i])));
  const running = session.run({ x: { data: x, shape: [rows, 3] } });
  x.buffer.transfer();
  await assert.rejects(() => running, /an input was transferred during the run/);
});

Deno.test("OrtSession refuses a time to spin that makes no sense", async () => {
  for (const spinMilliseconds of [-1, NaN, 1001]) {
    await assert.rejects(
      () => OrtSession.open(doubled, { spinMilliseconds }),
      {
        name: "RangeError",
        message: `spinMilliseconds is ${spinMilliseconds}; allowed are 0 to 1000`,
      },
    );
  }
  using idle = await OrtSession.open(doubled, { spinMilliseconds: 0, threads: 2 });
  assert.deepEqual([...(await idle.run({ x: row(1, 2, 3) })).y.data], [2, 4, 6]);
});

/** An open session and a run of it, by their handles. */
async function handles(): Promise<{ session: bigint; run: bigint; close(): void }> {
  const { symbols } = nativeLibrary();
  const params = new DataView(new ArrayBuffer(32));
  params.setUint32(0, 32, true);
  params.setInt32(4, 1, true);
  const out = new BigUint64Array(1);
  const bytes = new Uint8Array(params.buffer);
  symbols.clipa_ort_session_create(bytes, null, doubled, BigInt(doubled.length), out);
  const session = out[0];
  assert.equal(await symbols.clipa_ort_session_open(session), 0);
  assert.equal(symbols.clipa_ort_run_create(session, out), 0);
  const run = out[0];
  return {
    session,
    run,
    close() {
      assert.equal(symbols.clipa_ort_run_destroy(run), 0);
      assert.equal(symbols.clipa_ort_session_destroy(session), 0);
      assert.equal(symbols.clipa_ort_run_destroy(run), 4);
      assert.equal(symbols.clipa_ort_session_destroy(session), 4);
    },
  };
}

Deno.test("the session functions answer with a status when arguments are null, huge or stale", async () => {
  (await OrtSession.open(doubled))[Symbol.dispose](); // ONNX Runtime is open
  const { symbols } = nativeLibrary();
  const { session, run, close } = await handles();
  const out = new BigUint64Array(1);
  const dims = new BigInt64Array([1n, 3n]);
  const data = new Uint8Array(12);
  const input = symbols.clipa_ort_run_input;

  assert.equal(symbols.clipa_ort_load(null, null), 1);
  assert.equal(symbols.clipa_ort_session_create(null, null, null, 0n, out), 1);
  assert.equal(symbols.clipa_ort_session_create(new Uint8Array(24), null, doubled, 9n, out), 1);
  assert.equal(symbols.clipa_ort_session_info(session, null, 0n, null), 1);
  assert.equal(symbols.clipa_ort_session_info(99n, null, 0n, out), 4);
  assert.equal(symbols.clipa_ort_run_create(session, null), 1);
  assert.equal(symbols.clipa_ort_run_create(session + (1n << 32n), out), 4);
  assert.equal(await symbols.clipa_ort_session_open(session), 1, "a second open");
  assert.equal(await symbols.clipa_ort_session_open(0n), 4);
  assert.equal(await symbols.clipa_ort_run_execute(0n), 4);

  assert.equal(await symbols.clipa_ort_run_execute(run), 1, "no input yet");
  assert.equal(symbols.clipa_ort_run_read(run, 0n, 0n, data, 12n), 1, "nothing was executed");
  assert.equal(input(run, 0n, 1, null, 2n, data, 12n), 1);
  const write = symbols.clipa_ort_run_write;
  assert.equal(write(run, 0n, 0n, data, 12n), 1, "no input to write to");
  assert.equal(input(run, 0n, 1, dims, 2n, null, 12n), 0);
  assert.equal(write(run, 0n, 0n, null, 12n), 1);
  assert.equal(write(run, 1n, 0n, data, 12n), 1, "input 1");
  assert.equal(write(run, 0n, 4n, data, 12n), 1);
  assert.equal(write(run, 0n, 2n ** 64n - 4n, data, 12n), 1);
  assert.equal(write(run, 0n, 4n, data, 8n), 0);
  assert.equal(input(run, 0n, 1, dims, 9n, data, 12n), 1, "rank 9");
  assert.equal(input(run, 1n, 1, dims, 2n, data, 12n), 1, "input 1");
  assert.equal(input(run, 0n, 11, dims, 2n, data, 12n), 6, "double");
  assert.equal(input(run, 0n, 1, dims, 2n, data, 11n), 1, "bytes");
  assert.equal(input(run, 0n, 1, new BigInt64Array([-1n, 3n]), 2n, data, 12n), 1);
  assert.equal(input(run, 0n, 1, new BigInt64Array([2n ** 62n, 2n ** 62n]), 2n, data, 12n), 1);
  assert.equal(input(run, 0n, 1, dims, 2n, data, 12n), 0);
  assert.equal(await symbols.clipa_ort_run_execute(run), 0);
  assert.equal(symbols.clipa_ort_run_output(run, 1n, new Uint8Array(72)), 1);
  const read = symbols.clipa_ort_run_read;
  assert.equal(read(run, 0n, 8n, data, 8n), 1);
  assert.equal(read(run, 0n, 2n ** 64n - 4n, data, 12n), 1);
  assert.equal(read(run, 0n, 0n, data, 12n), 0);
  close();
});

Deno.test("runs read and write clipa buffers when they are bound", async () => {
  (await OrtSession.open(doubled))[Symbol.dispose]();
  const { symbols } = nativeLibrary();
  const { run, close } = await handles();
  using context = new NativeContext({ threads: 1 });
  using buffer = context.buffer(24);
  const dims = new BigInt64Array([1n, 3n]);
  const { clipa_ort_run_bind_input: bindInput, clipa_ort_run_bind_output: bindOutput } = symbols;
  assert.equal(bindInput(run, 0n, 1, dims, 2n, buffer.handle, 16n), 1, "beyond the end");
  assert.equal(bindInput(run, 0n, 1, dims, 2n, 77n, 0n), 4);
  assert.equal(bindInput(run, 0n, 1, dims, 2n, buffer.handle, 0n), 0);
  assert.equal(bindOutput(run, 0n, 1, dims, 2n, buffer.handle, 12n), 0);
  for (const start of [1, 10]) {
    buffer.write(0, new Float32Array([start, start + 1, start + 2]));
    assert.equal(await symbols.clipa_ort_run_execute(run), 0);
    const y = buffer.read(12, new Float32Array(3));
    assert.deepEqual([...y], [2 * start, 2 * start + 2, 2 * start + 4]);
  }
  assert.equal(bindOutput(run, 0n, 1, new BigInt64Array([1n, 2n]), 2n, buffer.handle, 12n), 0);
  assert.notEqual(await symbols.clipa_ort_run_execute(run), 0, "a bound output of another shape");
  close();
});
