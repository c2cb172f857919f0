import assert from "node:assert/strict";
import { broken, emulateKernel, kernelSource } from "./emulate_kernel.ts";

const DEVICE = kernelSource("cuda_device.cc");
const SOURCES = [
  "src/base/context",
  "src/base/team",
  "src/cuda/products",
  "src/cuda/device_memory",
  "tests/emulation/cublaslt",
];

Deno.test("the emulation runs the shipped streams and refuses them when a wait is removed", async (t) => {
  const folder = await Deno.makeTempDir();
  const emulate = (source: string, order: string) =>
    emulateKernel(folder, "emulated_sides", source, {
      sources: SOURCES,
      env: { CLIPA_EMULATED_ORDER: order },
    });
  try {
    for (const order of ["", "late", "early", "5"]) {
      await t.step(`as shipped the numbers are right in the order "${order}"`, async () => {
        const { code, text } = await emulate(DEVICE, order);
        assert.equal(code, 0, text);
      });
    }
    const wait = (stream: string, event: string) =>
      `check(cudaStreamWaitEvent(${stream}.queue.stream, ${event}, 0), "an event");`;
    await t.step("a side that does not wait for the fork reads what is not there", async () => {
      const { code, text } = await emulate(broken(DEVICE, wait("side", "forked"), "", 0), "early");
      assert.ok(code === 1 || code === 2, text);
      assert.match(text, /numbers are wrong|another time/);
    });
    await t.step("a join that does not wait for the side reads what is not there", async () => {
      const { code, text } = await emulate(broken(DEVICE, wait("main", "joined"), "", 0), "late");
      // One by one the numbers are wrong; the recording is refused.
      assert.equal(code, 1, text);
      assert.match(text, /recording ended before it had waited for a stream that it forked/);
    });
    await t.step("sides that share a workspace overwrite each other's values", async () => {
      const shared = broken(
        DEVICE,
        "lane.workspace ? lane.workspace->data()",
        "own.main.workspace ? own.main.workspace->data()",
        0,
      );
      const results = [];
      for (const order of ["1", "2", "3", "4"]) results.push(await emulate(shared, order));
      assert.ok(results.some(({ code }) => code === 2), results.map(({ text }) => text).join());
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
