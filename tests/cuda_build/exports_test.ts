import assert from "node:assert/strict";
import { readUsage } from "../../src/cli/kernel_usage.ts";

const ROOT = decodeURIComponent(new URL("../..", import.meta.url).pathname).replace(/\/$/, "");

async function run(program: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Names of the functions that a library gives to others. */
async function exported(library: string): Promise<string[]> {
  const text = await run("nm", "-D", "--defined-only", library);
  return text.trim().split("\n").map((line) => line.split(/\s+/).at(-1) as string).sort();
}

function declared(): string[] {
  const folder = `${ROOT}/kernels/include`;
  const text = [...Deno.readDirSync(folder)].map(({ name }) =>
    Deno.readTextFileSync(`${folder}/${name}`)
  ).join("\n").replace(/\/\*[\s\S]*?\*\//g, "");
  const names = [...text.matchAll(/^int32_t (clipa_\w+)\(/gm)].map(([, name]) => name);
  return [...names, "RegisterCustomOps"].sort();
}

Deno.test("libclipa_cuda exports exactly the functions of the headers", async () => {
  assert.ok(declared().length > 16);
  assert.deepEqual(await exported(`${ROOT}/build/cuda/libclipa_cuda.so`), declared());
});

Deno.test("libclipa_cuda needs cuBLASLt at run time, and no CUDA runtime of its own version", async () => {
  const text = await run("readelf", "-d", `${ROOT}/build/cuda/libclipa_cuda.so`);
  const needed = [...text.matchAll(/NEEDED.*\[(.*)\]/g)].map(([, name]) => name);
  assert.ok(needed.some((name) => name.startsWith("libcublasLt.so")), needed.join());
  assert.ok(!needed.some((name) => name.startsWith("libcudart")), needed.join());
});

Deno.test("every kernel was compiled for A100 and H100, and none spills registers", () => {
  const kernels = readUsage(`${ROOT}/build/cuda`);
  assert.ok(kernels.length > 100, `${kernels.length} kernels`);
  const architectures = new Set(kernels.map((kernel) => kernel.architecture));
  for (const wanted of ["sm_80", "sm_90"]) assert.ok(architectures.has(wanted), wanted);
  const spilling = kernels.filter((kernel) => kernel.spillBytes > 0);
  assert.deepEqual(spilling.map(({ kernel, spillBytes }) => `${kernel}: ${spillBytes}`), []);
});
