import assert from "node:assert/strict";
import { NativeContext } from "../../src/native/context.ts";
import { FAMILIES, goldenCases } from "../goldens/golden_case.ts";
import { CaseMemory } from "./case_memory.ts";

/** Names of the cases whose memory differs between the two runs. */
async function differing(
  one: NativeContext,
  other: NativeContext,
  family: string,
  run: (memory: CaseMemory) => Promise<void>,
): Promise<string[]> {
  const found: string[] = [];
  for (const golden of goldenCases(family)) {
    using expected = new CaseMemory(one, golden);
    using seen = new CaseMemory(other, golden);
    one.execute(expected.records());
    await run(seen);
    const want = expected.bytes();
    if (seen.bytes().some((byte, i) => byte !== want[i])) found.push(golden.name);
  }
  return found;
}

for (const family of FAMILIES) {
  Deno.test(`${family} ops give the same bits when run by one thread or by several`, async () => {
    using single = new NativeContext({ threads: 1 });
    for (const threads of [2, 3]) {
      using team = new NativeContext({ threads });
      const run = (memory: CaseMemory) => Promise.resolve(team.execute(memory.records()));
      assert.deepEqual(await differing(single, team, family, run), [], `${threads} threads`);
    }
  });

  Deno.test(`${family} ops give the same bits when eager, in a program, or in a second run`, async () => {
    using context = new NativeContext({ threads: 2 });
    for (const runs of [1, 2]) {
      const run = async (memory: CaseMemory) => {
        using program = context.program(memory.records());
        for (let i = 0; i < runs; i++) {
          memory.reset();
          await program.run();
        }
      };
      assert.deepEqual(await differing(context, context, family, run), [], `run ${runs}`);
    }
  });
}
