import assert from "node:assert/strict";
import { fuzz, type FuzzTarget } from "./fuzz/fuzz_target.ts";
import { Dice, mutate } from "./fuzz/mutate.ts";
import { fuzzAll } from "./fuzz/run_fuzz.ts";

const SEED = new TextEncoder().encode('{"a":[1,2,3]}');

const target = (read: FuzzTarget["read"]): FuzzTarget => ({ name: "made", seeds: [SEED], read });

Deno.test("readers of foreign files accept changed inputs or say clearly why not", async () => {
  const reports = await fuzzAll(6500, 20261125);
  for (const { name, failures, memoryBytes, messages } of reports) {
    assert.deepEqual(failures.map(({ problem }) => problem), [], name);
    assert.ok(memoryBytes < 512 * 2 ** 20, `${name}: memory grew by ${memoryBytes} bytes`);
    // Fewer would mean that the inputs never get past the first check.
    assert.ok(messages >= 2, `${name}: ${messages} different messages`);
  }
  assert.ok(reports.length >= 13);
});

Deno.test("fuzz reports errors that say nothing to a user", async () => {
  const careless = target((input) => JSON.parse(new TextDecoder().decode(input)).a[0].toFixed());
  const { failures } = await fuzz(careless, 3000, new Dice(1));
  assert.ok(failures.length > 0);
  assert.ok(failures.every(({ input, problem }) => input.length >= 0 && /TypeError/.test(problem)));
  const vague = target((input) => {
    if (input.length !== SEED.length) throw new Error("bad");
  });
  assert.match((await fuzz(vague, 300, new Dice(1))).failures[0].problem, /says nothing/);
  const strange = target((input) => {
    if (input.length !== SEED.length) throw 7;
  });
  assert.match((await fuzz(strange, 300, new Dice(1))).failures[0].problem, /threw number/);
});

Deno.test("fuzz passes a reader that accepts or says clearly why not", async () => {
  const careful = target((input) => {
    if (input.length > SEED.length) throw new SyntaxError("longer than 13 bytes; shorten it");
  });
  const { failures, accepted, messages } = await fuzz(careful, 500, new Dice(1));
  assert.deepEqual([failures.length, messages], [0, 1]);
  assert.ok(accepted > 0 && accepted < 500);
});

Deno.test("mutate draws the same inputs from the same seed, and nearly always others", () => {
  const draw = (seed: number) => {
    const dice = new Dice(seed);
    return Array.from({ length: 200 }, () => mutate(dice, [SEED]).join());
  };
  assert.deepEqual(draw(3), draw(3));
  assert.notDeepEqual(draw(3), draw(4));
  assert.ok(new Set(draw(3)).size > 150);
});
