import assert from "node:assert/strict";
import { NativeContext } from "../../src/native/context.ts";
import { OpKind } from "../../src/native/op_kinds.ts";
import { compare } from "../goldens/expectation.ts";
import { FAMILIES, goldenCases } from "../goldens/golden_case.ts";
import { CaseMemory } from "./case_memory.ts";

for (const family of FAMILIES) {
  Deno.test(`${family} ops give JAX's double-precision values when rounding is allowed for`, () => {
    using context = new NativeContext({ threads: 2 });
    const problems: string[] = [];
    let used = 0;
    let worst = "";
    for (const golden of goldenCases(family)) {
      using memory = new CaseMemory(context, golden);
      context.execute(memory.records());
      for (const [name, { want }] of Object.entries(golden.tensors)) {
        if (!want) continue;
        const result = compare(`${golden.name}/${name}`, memory.read(name), want);
        if (result.problem) problems.push(result.problem);
        if (!(result.used <= used)) [used, worst] = [result.used, `${golden.name}/${name}`];
      }
      problems.push(...memory.damage().map((place) => `${golden.name}: stray write ${place}`));
    }
    if (Deno.env.get("CLIPA_TEST_VERBOSE")) console.error(family, used.toFixed(3), worst);
    assert.deepEqual(problems, []);
  });
}

Deno.test("goldens cover every op kind when all families are read", () => {
  const seen = new Set(
    FAMILIES.flatMap(goldenCases).flatMap((golden) => golden.ops.map((op) => op.kind)),
  );
  assert.deepEqual([...seen].sort(), Object.keys(OpKind).sort());
});
