import assert from "node:assert/strict";
import { NativeContext } from "../../src/native/context.ts";
import { NativeError } from "../../src/native/native_error.ts";
import { goldenCases } from "../goldens/golden_case.ts";
import { CaseMemory } from "./case_memory.ts";

/** The family, the index tensor, and how many different values it may hold, from the dimensions. */
const INDEXED = [
  { family: "embedding", tensor: "ids", limit: (dims: readonly number[]) => dims[3] },
  {
    family: "patchify",
    tensor: "index",
    limit: ([, height, width, patch]: readonly number[]) => (height / patch) * (width / patch),
  },
  {
    family: "assemble",
    tensor: "index",
    limit: ([, , , positions]: readonly number[], cls: boolean) => positions - (cls ? 1 : 0),
  },
] as const;

for (const { family, tensor, limit } of INDEXED) {
  Deno.test(`${family} ops refuse an index outside the table when one element is wrong`, async () => {
    using context = new NativeContext({ threads: 2 });
    let tried = 0;
    for (const golden of goldenCases(family)) {
      for (const op of golden.ops) {
        if (!op.operands.includes(tensor)) continue;
        using memory = new CaseMemory(context, golden);
        const count = golden.tensors[tensor].n;
        const top = limit(op.dims, "cls" in golden.tensors);
        for (const wrong of [-1, top, 2 ** 31 - 1, -(2 ** 31)]) {
          const index = new Int32Array(count);
          index[count - 1] = wrong;
          memory.reset({ [tensor]: index });
          const refused = (error: unknown) =>
            error instanceof NativeError && error.code === 1 && /outside/.test(error.message);
          assert.throws(() => context.execute(memory.records([op])), refused, golden.name);
          using program = context.program(memory.records([op]));
          await assert.rejects(program.run(), refused, golden.name);
          assert.deepEqual(memory.damage().filter((place) => place !== `input ${tensor}`), []);
          tried++;
        }
        // The refusal does no lasting harm.
        memory.reset({ [tensor]: new Int32Array(count).fill(top - 1) });
        context.execute(memory.records([op]));
      }
    }
    assert.ok(tried > 0);
  });
}
