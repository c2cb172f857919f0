import assert from "node:assert/strict";

const ROOT = decodeURIComponent(new URL("../..", import.meta.url).pathname).replace(/\/$/, "");
const CPU = `${ROOT}/build/cpu/libclipa_cpu.so`;
const EMULATED = `${ROOT}/build/cpu/libclipa_cuda_emulated.so`;
const CONFIG = Deno.env.get("CLIPA_DENO_CONFIG") ?? `${ROOT}/deno.json`;

async function deno(args: string[], env: Record<string, string>) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [args[0], "-A", "--no-check", "--config", CONFIG, ...args.slice(1)],
    cwd: ROOT,
    env: { NO_COLOR: "1", CLIPA_DEVICE: "", ...env },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), error: decoder.decode(stderr) };
}

interface Found {
  losses: number[];
  norms: number[];
  top1: number;
}

async function train(device: string, library: string): Promise<Found> {
  const dir = await Deno.makeTempDir();
  try {
    const found = await deno(["run", "tests/cuda/train_program.ts", device, dir], {
      CLIPA_LIBRARY: library,
    });
    assert.equal(found.code, 0, found.error);
    return JSON.parse(found.out);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("a recipe trains on CUDA as on the CPU when only the device changes", async () => {
  const cpu = await train("cpu", CPU), cuda = await train("cuda:0", EMULATED);
  assert.equal(cuda.losses.length, 8);
  // Rounding grows over the steps; a wrong kernel is off from the first one on.
  const near = (seen: number[], want: number[], limit: number) =>
    seen.forEach((value, i) => assert.ok(Math.abs(value / want[i] - 1) < limit, `${seen} ${want}`));
  near(cuda.losses, cpu.losses, 1e-6);
  near(cuda.norms, cpu.norms, 2e-5);
  assert.equal(cuda.top1, cpu.top1);
});

Deno.test("train says what is missing when the device cannot be used, before it prepares data", async (t) => {
  const cases: [string, string, Record<string, string>, RegExp][] = [
    ["a name that is no device", "gpu", {}, /allowed are cpu, cuda and cuda:<index>/],
    [
      "the library is not built",
      "cuda",
      { CLIPA_LIBRARY: "/nowhere/libclipa_cuda.so" },
      /libclipa_cuda\.so cannot be loaded.*`deno task build:cuda`/,
    ],
    [
      "a library for the CPU",
      "cuda",
      { CLIPA_LIBRARY: CPU },
      /a build for the cpu, the device is cuda; unset CLIPA_LIBRARY/,
    ],
    ["no driver", "cuda", { CLIPA_EMULATED_DRIVER: "0" }, /no NVIDIA driver was found/],
    ["an old driver", "cuda:0", { CLIPA_EMULATED_DRIVER: "11080" }, /driver is too old/],
    ["no such device", "cuda:7", {}, /device cuda:7 does not exist; this machine has 1/],
    [
      "no device for the rank",
      "cuda",
      { RANK: "3", WORLD_SIZE: "4", LOCAL_RANK: "3" },
      /device cuda:3 does not exist; this machine has 1/,
    ],
  ];
  const dir = await Deno.makeTempDir();
  try {
    for (const [name, device, env, message] of cases) {
      await t.step(name, async () => {
        const { code, error } = await deno(
          ["run", "src/cli/main.ts", "train", "smoke", "--device", device, "--out", `${dir}/run`],
          { CLIPA_LIBRARY: EMULATED, CLIPA_CACHE: `${dir}/cache`, ...env },
        );
        assert.equal(code, 1, error);
        assert.match(error, message);
        assert.deepEqual([...Deno.readDirSync(dir)], []);
      });
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("useDevice refuses when the library of the other kind is loaded", async () => {
  const program = `
    import { nativeLibrary, useDevice } from "file://${ROOT}/src/native/library.ts";
    useDevice("cpu");
    nativeLibrary();
    useDevice("cpu");
    try { useDevice("cuda:0"); } catch (error) { console.log(error.message); }`;
  const { out, error } = await deno([
    "run",
    `data:application/typescript,${encodeURIComponent(program)}`,
  ], {});
  assert.match(out, /has loaded the library of the device cpu; a process has one/, error);
});
