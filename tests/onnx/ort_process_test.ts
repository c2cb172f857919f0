import assert from "node:assert/strict";
import { libraryPath } from "../../src/native/library.ts";
import { OrtSession } from "../../src/onnx/ort_session.ts";
import { busyRunGaps } from "../../src/run/bench/ort_health.ts";
import { customOpModel, floats } from "./run_custom_op.ts";

const SCRIPT = decodeURIComponent(new URL("ort_process.ts", import.meta.url).pathname);

/** The last line that `ort_process.ts` prints, and how it ended. */
async function inProcess(args: readonly string[], env: Record<string, string> = {}) {
  const flags = ["run", "-A", "--no-check", "--no-config", "--v8-flags=--expose-gc"];
  const command = new Deno.Command(Deno.execPath(), { args: [...flags, SCRIPT, ...args], env });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  const line = text.decode(stdout).trim().split("\n").at(-1) ?? "";
  return { code, stderr: text.decode(stderr), answer: line === "" ? undefined : JSON.parse(line) };
}

/** A shared library with an ONNX Runtime of another version, or without its table. */
async function fakeLibrary(folder: string, name: string, version: string, table: string) {
  const source = `${folder}/${name}.c`;
  Deno.writeTextFileSync(
    source,
    `static const char* version(void) { return "${version}"; }
     static const void* table(unsigned wanted) { (void)wanted; return ${table}; }
     static const void* const base[] = { (void*)table, (void*)version };
     const void* OrtGetApiBase(void) { return base; }\n`,
  );
  const output = `${folder}/lib${name}.so`;
  const args = ["-shared", "-fPIC", source, "-o", output];
  const { success, stderr } = await new Deno.Command(Deno.env.get("CC") ?? "cc", { args }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return output;
}

Deno.test("openOrt refuses other libraries with a reason, and still opens the right one", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const other = await fakeLibrary(folder, "other", "1.29.0", "0");
    const bare = await fakeLibrary(folder, "bare", "1.30.0", "0");
    Deno.writeTextFileSync(`${folder}/text.so`, "no library");
    const missing = `${folder}/missing.so`;
    const paths = [other, bare, `${folder}/text.so`, missing, libraryPath()];
    const { code, stderr, answer } = await inProcess(["libraries", ...paths]);
    assert.equal(code, 0, stderr);
    const reasons = [
      /^6 .*libother\.so is ONNX Runtime 1\.29\.0; this code needs 1\.30\.0/,
      /^6 .*libbare\.so is ONNX Runtime 1\.30\.0 without version 21 of its interface/,
      /^3 .*text\.so cannot be opened/,
      /^3 .*missing\.so cannot be opened/,
      /^6 .*is not ONNX Runtime: it has no OrtGetApiBase/,
      /^ok$/,
      /^1 .*1\.30\.0 of .* is open already; a process has one of them/,
    ];
    assert.equal(answer.length, reasons.length);
    reasons.forEach((reason, i) => assert.match(answer[i], reason));
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("OrtSession says where it looked when a library is not there", async () => {
  const ort = await inProcess(["libraries"], { CLIPA_ORT_LIBRARY: "/nowhere/libonnxruntime.so" });
  assert.match(ort.answer[0], /not at \/nowhere\/libonnxruntime\.so; run `deno install`, or set/);
  const native = await inProcess(["libraries"], { CLIPA_LIBRARY: "/nowhere/libclipa.so" });
  assert.match(native.answer[0], /native library \/nowhere\/libclipa\.so cannot be loaded/);
});

Deno.test("a process ends well when sessions are left open", async () => {
  const { code, answer, stderr } = await inProcess(["leave"]);
  assert.deepEqual([code, answer], [0, "left open"], stderr);
});

// CLIPA_SLOW_TESTS=1 opens 10,000 sessions.
const CYCLES = Deno.env.get("CLIPA_SLOW_TESTS") ? 2000 : 300;

Deno.test("sessions leave memory as it was when opened, run and disposed many times", async () => {
  const { code, answer, stderr } = await inProcess(["cycles", "18", `${CYCLES}`]);
  assert.equal(code, 0, stderr);
  // Ten rounds warm up: the allocator takes 3 MB at once after about 2,000 sessions and then no more. A
  // leak grows; what the JavaScript heap takes now and then comes back.
  const rounds = (answer as number[]).slice(10);
  assert.ok(
    Math.min(...rounds.slice(-3)) < 1.01 * Math.min(...rounds.slice(0, 3)),
    `resident bytes after each round: ${answer}`,
  );
});

Deno.test("OrtSession keeps the event loop free during a run of a second", async () => {
  const gaps = await busyRunGaps(1);
  const seen = JSON.stringify(gaps);
  assert.ok(gaps.seconds > 0.2, seen);
  // A blocked loop has one gap as long as the run.
  assert.ok(gaps.longest < 1000 * gaps.seconds / 2, seen);
  assert.ok(gaps.longestBusy < 10, seen);
});

Deno.test("sessions share packed weights when they hold the same ones", async () => {
  const width = 384, mlp = 1536;
  const matrix = (name: string, ...shape: number[]) => [name, floats(name, shape)] as const;
  const inputs = Object.fromEntries([
    matrix("x", 1, 2, width),
    matrix("gamma_1", width),
    matrix("beta_1", width),
    matrix("weight_qkv", 3 * width, width),
    matrix("bias_qkv", 3 * width),
    matrix("weight_out", width, width),
    matrix("bias_out", width),
    matrix("gamma_2", width),
    matrix("beta_2", width),
    matrix("weight_fc", mlp, width),
    matrix("bias_fc", mlp),
    matrix("weight_proj", width, mlp),
    matrix("bias_proj", width),
  ]);
  const constants = Object.keys(inputs).slice(1);
  const attributes = { heads: 12, gelu: "erf" };
  const folder = Deno.makeTempDirSync();
  try {
    // Weights beside the model, as exported models have them.
    const { model, weights } = customOpModel("ResidualBlock", inputs, {
      attributes,
      constants,
      external: "weights.bin",
    });
    Deno.writeFileSync(`${folder}/model.onnx`, model);
    Deno.writeFileSync(`${folder}/weights.bin`, weights);
    const open = () => OrtSession.open(`${folder}/model.onnx`, { threads: 1, provider: "cpu" });
    const anonymous = () =>
      1024 * Number(/RssAnon:\s+(\d+)/.exec(Deno.readTextFileSync("/proc/self/status"))![1]);
    const run = async (session: OrtSession) => (await session.run({ x: inputs.x })).out.data;
    using first = await open();
    const one = await run(first);
    const before = anonymous();
    using second = await open();
    using third = await open();
    assert.deepEqual([await run(second), await run(third)], [one, one]);
    const grown = anonymous() - before;
    // Two more sessions would need twice the file; packed weights and the mapped file are shared.
    assert.ok(
      grown < weights.length / 4,
      `${grown} more bytes; the weights have ${weights.length}`,
    );
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
