import assert from "node:assert/strict";
import { broken as brokenSource, emulateKernel, kernelSource } from "./emulate_kernel.ts";

const KERNEL = kernelSource("attention.cu");

const emulate = (folder: string, source: string) =>
  emulateKernel(folder, "emulated_attention", source);

const broken = (from: string, to: string, number: number) => brokenSource(KERNEL, from, to, number);

Deno.test("the emulation runs the shipped attention and refuses it when it is broken", async (t) => {
  const folder = await Deno.makeTempDir();
  try {
    await t.step("as shipped it gives the numbers of the formula", async () => {
      const { code, text } = await emulate(folder, KERNEL);
      assert.equal(code, 0, text);
    });
    await t.step("a removed barrier of the block is a race", async () => {
      const { code, text } = await emulate(folder, broken("__syncthreads();", "", 0));
      assert.equal(code, 1, text);
      assert.match(text, /race: |nobody wrote/);
    });
    await t.step("a removed barrier of a warp is a race", async () => {
      const { code, text } = await emulate(folder, broken("__syncwarp();", "", 0));
      assert.equal(code, 1, text);
      assert.match(text, /race: |nobody wrote/);
    });
    await t.step("an index beyond an array in shared memory is refused", async () => {
      const { code, text } = await emulate(
        folder,
        broken("other[j * (head + 1) + c]", "other[j * (head + 1) + c + 4000]", 0),
      );
      assert.equal(code, 1, text);
      assert.match(text, /index \d+ of \d+ in shared memory/);
    });
    await t.step("a barrier that some threads miss is refused", async () => {
      const { code, text } = await emulate(
        folder,
        broken("__syncthreads();", "if (threadIdx.x != 7) __syncthreads();", 0),
      );
      assert.equal(code, 1, text);
      assert.match(text, /reached a barrier of the block|nobody wrote|race/);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
