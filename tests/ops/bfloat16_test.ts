import assert from "node:assert/strict";
import { NativeContext } from "../../src/native/context.ts";
import { testConfig } from "../dist/run_ranks.ts";
import { goldenCases } from "../goldens/golden_case.ts";
import type { ProductReport } from "./bfloat16_products.ts";
import { CaseMemory } from "./case_memory.ts";

const PROGRAM = new URL("bfloat16_products.ts", import.meta.url).pathname;

/** The products of a process of its own: how they are computed is chosen once for a process. */
async function report(amx: string): Promise<ProductReport> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--config", testConfig(), PROGRAM],
    env: { CLIPA_AMX: amx },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

for (const amx of ["1", "0"]) {
  Deno.test(`linear ops round their factors, and nothing else, on bfloat16 with CLIPA_AMX=${amx}`, async () => {
    const { unit, worst, where, least } = await report(amx);
    if (amx === "0") assert.notEqual(unit, "amx");
    // Sums of float32 in another order; a factor that was not rounded would show as 1e-3.
    assert.ok(worst < 1e-6, `${unit}: ${worst} at ${where}`);
    assert.ok(least > 5e-4, `${unit}: ${least}`);
  });
}

Deno.test("linear ops give the same bits on bfloat16 when run by one thread or by several", () => {
  using single = new NativeContext({ threads: 1, precision: "bfloat16" });
  using team = new NativeContext({ threads: 3, precision: "bfloat16" });
  for (const golden of goldenCases("linear")) {
    using expected = new CaseMemory(single, golden);
    using seen = new CaseMemory(team, golden);
    single.execute(expected.records());
    team.execute(seen.records());
    assert.deepEqual(seen.bytes(), expected.bytes(), golden.name);
    assert.deepEqual(seen.damage(), [], golden.name);
  }
});
