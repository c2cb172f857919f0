import assert from "node:assert/strict";
import { interleave } from "../../src/cli/bench/interleave.ts";
import { parseCpuName } from "../../src/cli/bench/machine.ts";
import { spread } from "../../src/cli/bench/spread.ts";

Deno.test("spread interpolates between measurements when their number is even", () => {
  assert.deepEqual(spread([4, 1, 3, 2]), { value: 2.5, low: 1.75, high: 3.25 });
  assert.deepEqual(spread([7]), { value: 7, low: 7, high: 7 });
});

Deno.test("spread refuses measurements when there is none or one is not finite", () => {
  assert.throws(() => spread([]), RangeError);
  assert.throws(() => spread([1, NaN]), RangeError);
});

Deno.test("interleave takes turns and drops the first pair when it measures", async () => {
  const calls: string[] = [];
  let count = 0;
  const pairs = await interleave(
    () => (calls.push("a"), count++),
    () => Promise.resolve((calls.push("b"), count++)),
    8,
  );
  assert.equal(calls.join(""), "ab".repeat(9));
  assert.deepEqual(pairs[0], { first: 2, second: 3 });
  assert.equal(pairs.length, 8);
  await assert.rejects(interleave(() => 1, () => 1, 3), /seen 3 pairs; allowed: at least 7/);
});

Deno.test("parseCpuName finds the name when the file is from x86 or ARM", () => {
  assert.equal(parseCpuName("processor : 0\nmodel name\t: Fast CPU @ 3 GHz\n"), "Fast CPU @ 3 GHz");
  assert.equal(parseCpuName("processor : 0\nCPU part\t: 0xd0c\n"), "ARM part 0xd0c");
  assert.equal(parseCpuName(""), "unknown");
});
