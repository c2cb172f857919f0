import assert from "node:assert/strict";
import { deno, emulatedOrt } from "./emulated_ort.ts";
import { difference } from "./raw_library.ts";

interface Output {
  readonly name: string;
  readonly values: Float32Array;
}

async function outputs(file: string, env: Readonly<Record<string, string>>): Promise<Output[]> {
  const { code, text } = await deno("run", ["tests/cuda/custom_op_cases.ts", file], env);
  assert.equal(code, 0, text.slice(-4000));
  return Deno.readTextFileSync(file).trim().split("\n").map((line) => {
    const { name, values } = JSON.parse(line);
    return { name, values: Float32Array.from(values) };
  });
}

Deno.test("custom ops on CUDA equal their twins on the CPU at all shapes, per tensor", async () => {
  const file = await Deno.makeTempFile();
  try {
    const want = await outputs(file, { CLIPA_DEVICE: "cpu" });
    const seen = await outputs(file, emulatedOrt());
    assert.ok(want.length > 100, `${want.length} cases`);
    assert.deepEqual(seen.map(({ name }) => name), want.map(({ name }) => name));
    const wrong = want.flatMap(({ name, values }, i) => {
      assert.equal(seen[i].values.length, values.length, name);
      assert.ok(values.every(Number.isFinite), name);
      const error = difference(seen[i].values, values);
      return error <= 1e-5 ? [] : [`${name}: ${error.toExponential(2)}`];
    });
    assert.deepEqual(wrong, []);
  } finally {
    await Deno.remove(file);
  }
});
