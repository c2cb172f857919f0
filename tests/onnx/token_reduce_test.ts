import assert from "node:assert/strict";
import { blockMask } from "../../src/tokens/image/block_mask.ts";
import { gridMask } from "../../src/tokens/image/grid_mask.ts";
import type { PatchMask } from "../../src/tokens/image/patch_mask.ts";
import { randomMask } from "../../src/tokens/image/random_mask.ts";
import { runCustomOp, tensor } from "./run_custom_op.ts";

// More than one piece of work, and rows beyond 2^31 and 2^32.
const ROWS = [...Array(150).keys(), 2 ** 31 + 5, 2 ** 32 - 1, 2 ** 32 + 7];
const KEYS = [[0, 0], [12345, 3], [2 ** 32 + 9, 2 ** 31]];

type Options = {
  strategy: string;
  grid: number;
  keep: number;
  jitter?: string;
  placement?: string;
};

async function assertSameBits(mask: PatchMask, attributes: Options) {
  for (const [seed, epoch] of KEYS) {
    const key = (values: number[]) => tensor(BigInt64Array.from(values, BigInt), [values.length]);
    const inputs = { samples: key(ROWS), seed: key([seed]), epoch: key([epoch]) };
    const { data, shape } = await runCustomOp("TokenReduce", inputs, {
      attributes: { ...attributes },
    });
    const expected = new Int32Array(ROWS.length * attributes.keep);
    ROWS.forEach((row, i) => mask({ seed, epoch, row }, expected, i * attributes.keep));
    assert.deepEqual(shape, [ROWS.length, attributes.keep]);
    assert.deepEqual(data, expected, JSON.stringify(attributes));
  }
}

Deno.test("TokenReduce random equals randomMask", async () => {
  for (const [grid, keep] of [[1, 1], [4, 4], [6, 9], [7, 49], [16, 179]]) {
    await assertSameBits(randomMask({ grid, keep }), { strategy: "random", grid, keep });
  }
});

Deno.test("TokenReduce grid equals gridMask for every jitter", async () => {
  for (const [grid, keep] of [[2, 1], [4, 8], [6, 9], [14, 98]]) {
    for (const jitter of ["none", "sample", "window"] as const) {
      await assertSameBits(gridMask({ grid, keep }, jitter), {
        strategy: "grid",
        grid,
        keep,
        jitter,
      });
    }
    await assertSameBits(gridMask({ grid, keep }, "none"), { strategy: "grid", grid, keep });
  }
});

Deno.test("TokenReduce block equals blockMask for every placement", async () => {
  for (const [grid, keep] of [[1, 1], [5, 5], [6, 9], [14, 98], [8, 63]]) {
    for (const placement of ["random", "centre"] as const) {
      const mask = blockMask({ grid, keep }, placement);
      await assertSameBits(mask, { strategy: "block", grid, keep, placement });
    }
    await assertSameBits(blockMask({ grid, keep }, "random"), { strategy: "block", grid, keep });
  }
});
