import assert from "node:assert/strict";
import { test as testTask } from "../../src/cli/commands/test_command.ts";

const ROOT = decodeURIComponent(new URL("../..", import.meta.url).pathname).replace(/\/$/, "");
const EMULATED = `${ROOT}/build/cpu/libclipa_cuda_emulated.so`;

async function deno(args: string[], env: Record<string, string>) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    env: { NO_COLOR: "1", ...env },
  }).output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

Deno.test("every op of the CUDA library passes the CPU's goldens when it is emulated", async () => {
  const config = Deno.env.get("CLIPA_DENO_CONFIG") ?? `${ROOT}/deno.json`;
  const { code, text } = await deno(
    ["test", "-A", "--no-check", "--config", config, "tests/ops/goldens_test.ts"],
    { CLIPA_LIBRARY: EMULATED },
  );
  assert.equal(code, 0, text.slice(-4000));
  assert.match(text, /\d+ passed \| 0 failed/);
});

const probe = (env: Record<string, string>) =>
  deno(["run", "-A", "--no-config", "--no-check", "src/native/probe_device.ts", "cuda:0"], env);

Deno.test("a context on CUDA says what is missing when the machine cannot run it", async (t) => {
  const cases: [string, Record<string, string>, RegExp][] = [
    ["no driver", { CLIPA_EMULATED_DRIVER: "0" }, /no NVIDIA driver was found.*device cpu/],
    [
      "an old driver",
      { CLIPA_EMULATED_DRIVER: "11080" },
      /driver is too old: it knows CUDA 11.8, this library needs 13.0; update the driver/,
    ],
    ["no device", { CLIPA_EMULATED_DEVICES: "0" }, /no CUDA device was found/],
  ];
  for (const [name, env, message] of cases) {
    await t.step(name, async () => {
      const { code, text } = await probe({ CLIPA_LIBRARY: EMULATED, ...env });
      assert.equal(code, 1, text);
      assert.match(text, message);
    });
  }
  await t.step("no library", async () => {
    const { code, text } = await probe({ CLIPA_LIBRARY: "/nowhere/libclipa_cuda.so" });
    assert.equal(code, 1);
    assert.match(text, /cannot be loaded.*deno task build:cuda/);
  });
  await t.step("a device that does not exist", async () => {
    const { code, text } = await deno(
      ["run", "-A", "--no-config", "--no-check", "src/native/probe_device.ts", "cuda:7"],
      { CLIPA_LIBRARY: EMULATED },
    );
    assert.equal(code, 1);
    assert.match(text, /device cuda:7 does not exist; this machine has 1/);
  });
  await t.step("nothing is missing", async () => {
    assert.equal((await probe({ CLIPA_LIBRARY: EMULATED })).code, 0);
  });
});

Deno.test("test --device is an option when the help lists it", () => {
  assert.match(testTask.options.device.help, /cuda:<index>/);
});
