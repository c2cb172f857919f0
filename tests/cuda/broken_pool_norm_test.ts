import assert from "node:assert/strict";
import { broken, emulateKernel, kernelSource } from "./emulate_kernel.ts";

const KERNEL = kernelSource("ort_rows.cu");

Deno.test("the emulation runs the shipped pool_norm and refuses it when it is broken", async (t) => {
  const folder = await Deno.makeTempDir();
  const emulate = (source: string) => emulateKernel(folder, "emulated_pool_norm", source);
  try {
    await t.step("as shipped it gives the numbers of the formula for every pooling", async () => {
      const { code, text } = await emulate(KERNEL);
      assert.equal(code, 0, text);
    });
    await t.step("a removed barrier of the block is a race", async () => {
      const { code, text } = await emulate(broken(KERNEL, "__syncthreads();", "", 0));
      assert.equal(code, 1, text);
      assert.match(text, /race: |nobody wrote/);
    });
    await t.step("sums of mean and variance in one place are a race", async () => {
      const { code, text } = await emulate(
        broken(KERNEL, "block_sum(square, squares)", "block_sum(square, sums)", 0),
      );
      assert.equal(code, 1, text);
      assert.match(text, /race: /);
    });
    await t.step("an index beyond the pooled row is refused", async () => {
      const { code, text } = await emulate(
        broken(
          KERNEL,
          "pooled[static_cast<int>(c)] = total",
          "pooled[static_cast<int>(c) + 1] = total",
          0,
        ),
      );
      assert.equal(code, 1, text);
      assert.match(text, /index \d+ of \d+ in shared memory|nobody wrote/);
    });
    await t.step("a number that is wrong is told from a rule that is broken", async () => {
      const { code, text } = await emulate(broken(KERNEL, "variance + p.eps", "variance", 0));
      assert.equal(code, 2, text);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
