import assert from "node:assert/strict";
import { NativeError } from "../../src/native/native_error.ts";
import { floats, type OpInputs, type OpRun, runCustomOp, tensor } from "./run_custom_op.ts";

type Case = [op: string, inputs: OpInputs, attributes: OpRun["attributes"], message: RegExp];

const pixels = (side: number) => tensor(new Uint8Array(side * side * 3), [1, side, side, 3]);
const patch: OpInputs = {
  pixels: pixels(4),
  weight: floats("w", [5, 12]),
  bias: floats("b", [5]),
  class_token: floats("c", [5]),
  position: floats("p", [5, 5]),
  kept: tensor(new Int32Array([0, 3]), [1, 2]),
};
const head: OpInputs = {
  x: floats("x", [2, 3, 4]),
  gamma: floats("g", [4]),
  beta: floats("b", [4]),
  projection: floats("p", [4, 5]),
  ids: null,
};
const keys: OpInputs = {
  samples: tensor(new BigInt64Array([1n]), [1]),
  seed: tensor(new BigInt64Array([1n]), [1]),
  epoch: tensor(new BigInt64Array([1n]), [1]),
};
const qkv = (...shape: number[]) => ({ qkv: floats("q", shape) });
const embed = (changes: OpInputs) => ({ ...patch, ...changes });

const CASES: readonly Case[] = [
  // Attributes.
  ["ShortAttention", qkv(1, 3, 12), {}, /ShortAttention: attribute heads is missing/],
  ["ShortAttention", qkv(1, 3, 12), { heads: 0 }, /attribute heads is 0; allowed are/],
  [
    "ShortAttention",
    qkv(1, 3, 12),
    { heads: 3 },
    /width is 4; allowed are multiples of the 3 heads/,
  ],
  ["PoolProjectNormalize", head, { pool: "max" }, /pool is "max"; allowed are cls, mean, mean-p/],
  ["PoolProjectNormalize", head, { pool: "argmax" }, /pool argmax needs the input ids/],
  [
    "PatchEmbed",
    patch,
    { patch: 0 },
    /attribute patch is 0; allowed are whole numbers from 1/,
  ],
  ["TokenReduce", keys, { strategy: "grid", grid: 3, keep: 2 }, /a quarter or a half of an even/],
  [
    "TokenReduce",
    keys,
    { strategy: "random", grid: 3, keep: 10 },
    /keep is 10; allowed are 1 to 9/,
  ],
  ["TokenReduce", keys, { strategy: "best", grid: 3, keep: 1 }, /strategy is "best"; allowed are/],
  // Shapes.
  [
    "ShortAttention",
    qkv(1, 3, 13),
    { heads: 1 },
    /qkv has shape \[1,3,13\]; allowed is \[B,T,3W\]/,
  ],
  ["ShortAttention", qkv(3, 12), { heads: 1 }, /qkv has shape \[3,12\]; allowed is \[B,T,3W\]/],
  ["ShortAttention", qkv(1, 0, 12), { heads: 1 }, /there are 0 tokens; allowed are 1 to 4096/],
  ["PatchEmbed", embed({ pixels: pixels(5) }), { patch: 2 }, /pixels are 5 x 5; allowed are mult/],
  ["PatchEmbed", embed({ bias: floats("b", [6]) }), { patch: 2 }, /bias has shape \[6\].*D = 5/],
  [
    "PatchEmbed",
    patch,
    { patch: 4 },
    /weight has shape \[5,12\]; allowed is \[D,3PP\] with.*P = 4/,
  ],
  [
    "PatchEmbed",
    embed({ position: floats("p", [4, 5]) }),
    { patch: 2 },
    /position has 4 rows; allowed is one for each of 4 patches and the class token/,
  ],
  [
    "PatchEmbed",
    embed({ kept: tensor(new Int32Array(4), [2, 2]) }),
    { patch: 2 },
    /kept has shape \[2,2\]; allowed is \[B,K\] with B = 1/,
  ],
  [
    "PoolProjectNormalize",
    { ...head, x: floats("x", [2, 1, 4]) },
    { pool: "mean-patches" },
    /there are 1 tokens; pool mean-patches needs 2/,
  ],
  [
    "PoolProjectNormalize",
    { ...head, projection: floats("p", [3, 5]) },
    { pool: "cls" },
    /projection has shape \[3,5\]; allowed is \[W,E\] with W = 4/,
  ],
  // Values.
  [
    "PatchEmbed",
    embed({ kept: tensor(new Int32Array([0, 4]), [1, 2]) }),
    { patch: 2 },
    /PatchEmbed: a patch index lies outside the picture/,
  ],
  [
    "PatchEmbed",
    embed({ kept: tensor(new Int32Array([-1, 0]), [1, 2]) }),
    { patch: 2 },
    /PatchEmbed: a patch index lies outside the picture/,
  ],
  // Types: ONNX Runtime's own check.
  [
    "ShortAttention",
    { qkv: tensor(new Int32Array(36), [1, 3, 12]) },
    { heads: 1 },
    /tensor\(int32\).*qkv.*ShortAttention/,
  ],
  [
    "PatchEmbed",
    embed({ pixels: floats("x", [1, 4, 4, 3]) }),
    { patch: 2 },
    /tensor\(float\).*pixels.*PatchEmbed/,
  ],
];

for (const [op, inputs, attributes, message] of CASES) {
  const title = JSON.stringify(attributes);
  Deno.test(`${op} fails with ${message.source} when given ${title}`, async () => {
    await assert.rejects(runCustomOp(op, inputs, { attributes }), (error) => {
      assert.ok(error instanceof NativeError, `${error}`);
      assert.match(error.message, message);
      return true;
    });
  });
}
