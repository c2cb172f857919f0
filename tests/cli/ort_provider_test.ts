import assert from "node:assert/strict";
import { ORT_WHEEL } from "../../src/cli/setup/cuda_wheels.ts";
import { ensureOrtProvider } from "../../src/cli/setup/ort_provider.ts";
import { setupPlan } from "../../src/cli/setup/setup_plan.ts";
import { cudaOrtLibrary, ORT_VERSION } from "../../src/config/cuda_ort.ts";
import { ortLibraryPath } from "../../src/onnx/ort_library.ts";
import { makeWheel, wheelServer } from "./wheel_server.ts";

const CAPI = "onnxruntime/capi/";
const PARTS = {
  [`${CAPI}libonnxruntime_providers_shared.so`]: "shared",
  [`${CAPI}libonnxruntime_providers_cuda.so`]: "cuda",
  [`${CAPI}libonnxruntime_providers_tensorrt.so`]: "tensorrt",
  [`${CAPI}libonnxruntime.so.1.30.0`]: "core",
  "onnxruntime/LICENSE": "licence",
  "onnxruntime/ThirdPartyNotices.txt": "notices",
};

/** A toolkit with empty libraries. */
function makeToolkit(folder: string, ...libraries: string[]): string {
  Deno.mkdirSync(`${folder}/lib64`, { recursive: true });
  for (const name of libraries) Deno.writeTextFileSync(`${folder}/lib64/${name}`, "");
  return folder;
}

const CUDA = ["libcudart.so.13", "libcublasLt.so.13", "libcublas.so.13"];

Deno.test("ensureOrtProvider gathers the core, its provider and the toolkit's libraries in one folder, once", async () => {
  const ort = await makeWheel("onnxruntime-gpu", PARTS, ORT_WHEEL.members);
  const curand = await makeWheel("nvidia-curand", { "nvidia/cu13/lib/libcurand.so.10": "r" }, {
    "nvidia/cu13/lib/libcurand.so.10": "libcurand.so.10",
  });
  const wanted = { ort: ort.wheel, curand: curand.wheel };
  await using server = wheelServer({
    "onnxruntime-gpu": ort.bytes,
    "nvidia-curand": curand.bytes,
  });
  const { cache, source, ranges } = server;
  assert.equal(cudaOrtLibrary(source.env), null);
  const toolkit = makeToolkit(`${cache}/toolkit`, ...CUDA);
  const folder = await ensureOrtProvider(toolkit, source, wanted);
  assert.equal(cudaOrtLibrary(source.env), `${folder}/libonnxruntime.so.1`);
  assert.equal(Deno.readTextFileSync(cudaOrtLibrary(source.env)!), "core");
  assert.equal(Deno.readTextFileSync(`${folder}/libonnxruntime_providers_cuda.so`), "cuda");
  assert.equal(Deno.readTextFileSync(`${folder}/libcurand.so.10`), "r");
  for (const name of CUDA) {
    assert.equal(Deno.readLinkSync(`${folder}/${name}`), `${toolkit}/lib64/${name}`);
  }
  assert.ok(![...Deno.readDirSync(folder)].some(({ name }) => /tensorrt|whl|unpacked/.test(name)));

  await ensureOrtProvider(toolkit, source, wanted);
  assert.equal(ranges.length, 2, "nothing is fetched twice");
  const whole = makeToolkit(`${cache}/whole`, ...CUDA, "libcurand.so.10");
  await ensureOrtProvider(whole, source, wanted);
  assert.equal(ranges.length, 3, "a toolkit with cuRAND needs no wheel of it");
  assert.equal(Deno.readLinkSync(`${folder}/libcurand.so.10`), `${whole}/lib64/libcurand.so.10`);
  assert.equal(Deno.readLinkSync(`${folder}/libcublas.so.13`), `${whole}/lib64/libcublas.so.13`);
});

Deno.test("ensureOrtProvider says what a toolkit lacks, and what another processor needs", async () => {
  await using server = wheelServer({});
  const toolkit = makeToolkit(`${server.cache}/toolkit`, "libcudart.so.13", "libcublas.so.12");
  await assert.rejects(
    ensureOrtProvider(toolkit, server.source),
    /toolkit has no libcublasLt\.so\.13, libcublas\.so\.13, which ONNX Runtime's CUDA provider needs; set CUDA_HOME to a toolkit of CUDA 13, or unset it/,
  );
  await assert.rejects(
    ensureOrtProvider(toolkit, { ...server.source, arch: "aarch64" }),
    /is for x86_64, this machine is aarch64; set CLIPA_ORT_LIBRARY/,
  );
});

Deno.test("the version of ONNX Runtime is one: of the npm package, the wheel and the code", () => {
  const { imports } = JSON.parse(
    Deno.readTextFileSync(new URL("../../deno.json", import.meta.url)),
  );
  assert.equal(imports["onnxruntime-node"], `npm:onnxruntime-node@${ORT_VERSION}`);
  assert.equal(ORT_WHEEL.version, ORT_VERSION);
  assert.ok(`${CAPI}libonnxruntime.so.${ORT_VERSION}` in ORT_WHEEL.members!);
});

Deno.test("build:cuda fetches the provider when it is asked to, and other tasks do not", () => {
  assert.equal(setupPlan("build:cuda", ["--ort"])?.ort, true);
  assert.equal(setupPlan("build:cuda", [])?.ort, undefined);
  assert.equal(setupPlan("train", ["--ort"])?.ort, undefined);
  assert.equal(setupPlan("toString", []), undefined);
});

Deno.test("ortLibraryPath takes the fetched library where the device is CUDA, and no other's", () => {
  const cache = Deno.makeTempDirSync();
  const before = ["CLIPA_CACHE", "CLIPA_DEVICE", "CLIPA_ORT_LIBRARY"].map((name) =>
    [name, Deno.env.get(name)] as const
  );
  try {
    Deno.env.set("CLIPA_CACHE", cache);
    Deno.env.delete("CLIPA_ORT_LIBRARY");
    const folder = `${Deno.realPathSync(cache)}/onnxruntime-cuda-${ORT_VERSION}`;
    Deno.mkdirSync(folder);
    Deno.writeTextFileSync(`${folder}/libonnxruntime.so.1`, "");
    Deno.env.set("CLIPA_DEVICE", "cuda:0");
    assert.match(ortLibraryPath(), /onnxruntime-node/, "a folder that is not whole");
    Deno.writeTextFileSync(`${folder}/complete`, "");
    assert.equal(ortLibraryPath(), `${folder}/libonnxruntime.so.1`);
    Deno.env.set("CLIPA_DEVICE", "cpu");
    assert.match(ortLibraryPath(), /onnxruntime-node/);
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
    Deno.removeSync(cache, { recursive: true });
  }
});
