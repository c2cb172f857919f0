import assert from "node:assert/strict";
import type { Row } from "./row.ts";
import { formatScorecard } from "../../src/cli/commands/trust.ts";
import { measureRow, ROWS } from "./scorecard.ts";

const OPTIONS = { kills: 5, quick: true };

for (const row of ROWS) {
  Deno.test(`${row.id}: ${row.promise}`, async () => {
    const { pass, figure, unit, note } = await measureRow(row, OPTIONS);
    console.log(`${row.id}: ${figure ?? ""} ${unit} (${note})`);
    assert.notEqual(pass, false, note);
  });
}

Deno.test("the scorecard has each promise once, and says what was not run and what was broken", async () => {
  const ids = ROWS.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  const row = (measure: Row["measure"]): Row => ({ id: "R0", promise: "p", measure });
  const results = [
    await measureRow(row(() => Promise.resolve("no part")), OPTIONS),
    await measureRow(row(() => Promise.reject(new Error("it broke"))), OPTIONS),
    await measureRow(
      row(() => Promise.resolve({ pass: true, figure: 2, unit: "of 2", note: "n" })),
      OPTIONS,
    ),
  ];
  assert.deepEqual(results.map(({ pass }) => pass), [null, false, true]);
  assert.deepEqual(formatScorecard(results).split("\n").slice(2), [
    "| R0 | p | not run here |  | not run here: no part |",
    "| R0 | p | NO |  | it broke |",
    "| R0 | p | yes | 2 of 2 | n |",
  ]);
});
