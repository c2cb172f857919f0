import assert from "node:assert/strict";
import { cudaBenches, largestBatch, measureTower } from "../../src/cli/bench/cuda_speed.ts";
import { parseGpu } from "../../src/cli/bench/gpu.ts";
import { measureOrtCuda, ortCuda } from "../../src/cli/bench/ort_cuda.ts";
import { pairMacs } from "../../src/model/model_cost.ts";
import { TOWER_SHAPES, towerRecipe } from "../../src/run/bench/tower_step.ts";

const ROOT = decodeURIComponent(new URL("../..", import.meta.url).pathname).replace(/\/$/, "");

Deno.test("parseGpu knows the peak only of cards whose sheet is in the table", () => {
  const peak = (name: string) => parseGpu(`${name}, 81559, 580.65.06\n`).peakFlops;
  assert.equal(peak("NVIDIA A100-SXM4-80GB"), 312e12);
  assert.equal(peak("NVIDIA H100 80GB HBM3"), 989e12);
  for (const other of ["NVIDIA H100 PCIe", "NVIDIA H100 NVL", "NVIDIA A10", "NVIDIA L4"]) {
    assert.equal(peak(other), null, other);
  }
  assert.deepEqual(parseGpu("NVIDIA L4, 23034, 550.54"), {
    name: "NVIDIA L4",
    memoryBytes: 23034 * 2 ** 20,
    driver: "550.54",
    peakFlops: null,
  });
  assert.throws(() => parseGpu("No devices were found"), /seen "No devices were found"/);
});

Deno.test("largestBatch halves until a step fits, and says when nothing does", async () => {
  for (const shape of TOWER_SHAPES) {
    const batch = await largestBatch(shape, 80 * 2 ** 30);
    assert.ok(batch >= 64 && batch <= 4096 && Number.isInteger(Math.log2(batch)), `${batch}`);
    assert.ok(await largestBatch(shape, 160 * 2 ** 30) >= batch);
  }
  const [shape] = TOWER_SHAPES.slice(-1);
  await assert.rejects(largestBatch(shape, 20 * 2 ** 30), /G\/14: not even two pairs fit 20 GiB/);
});

Deno.test("measureTower gives every measure of a step, with shares that belong together", async () => {
  const shape = { tower: "laptop-w48", size: 16, textTokens: 4 };
  const options = { batch: 4, precision: "float32", where: "a test" } as const;
  const results = await measureTower(shape, { ...options, peakFlops: 1e12 });
  const value = (measure: string) => {
    const found = results.find(({ name }) => name === `cuda.laptop-w48.i5.t4.${measure}`);
    assert.ok(found && Number.isFinite(found.value) && found.value > 0, measure);
    return found.value;
  };
  for (const side of ["image", "text"]) {
    for (const product of ["qkv", "out", "up", "down"]) value(`gemm.${side}.${product}`);
  }
  assert.ok(Math.abs(value("samples") * value("seconds") / 4 - 1) < 1e-9);
  value("roof");
  const { model } = towerRecipe(shape, 4);
  const work = 6 * pairMacs(model, { patches: 4, text: 4 }, { attention: true });
  assert.ok(Math.abs(value("mfu") * 1e12 / value("samples") / work - 1) < 1e-9);
  const unknown = await measureTower(shape, { ...options, peakFlops: null });
  assert.equal(unknown.length, results.length - 1);
});

Deno.test("cudaBenches names a group for each model and token budget", async () => {
  const names = (await cudaBenches()).flatMap((bench) => bench.names);
  const ort = names.filter((name) => name.startsWith("ort.cuda."));
  assert.equal(ort.length, 2);
  assert.equal(new Set(names).size, 5 * TOWER_SHAPES.length + ort.length);
  for (const name of ["cuda.L16.i17.t16.mfu", "cuda.H14.i37.t8.gemm", "cuda.G14.i37.t8.roof"]) {
    assert.ok(names.includes(name), name);
  }
});

Deno.test("measureOrtCuda gives the ratios of fused nodes and of bound tensors", async () => {
  const sizes = { width: 64, imageTokens: 5, batch: 2, leastSeconds: 0 };
  const results = await measureOrtCuda({ ...sizes, where: "a test" });
  assert.deepEqual(results.map(({ name }) => name), ortCuda.names);
  for (const { value, note } of results) {
    assert.ok(Number.isFinite(value) && value > 0);
    assert.match(note, /^a test, width 64, 5 tokens, batch 2; /);
  }
});

Deno.test("bench --device cuda refuses when there is no GPU", async () => {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-check", "--config"],
      Deno.env.get("CLIPA_DENO_CONFIG") ?? `${ROOT}/deno.json`,
      ...[`${ROOT}/src/cli/main.ts`, "bench", "--device", "cuda"],
    ],
    env: {
      CLIPA_LIBRARY: `${ROOT}/build/cpu/libclipa_cuda_emulated.so`,
      CLIPA_EMULATED_DRIVER: "0",
    },
  }).output();
  assert.equal(code, 1);
  assert.match(new TextDecoder().decode(stderr), /^error: .*no NVIDIA driver was found/);
});
