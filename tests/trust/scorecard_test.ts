import assert from "node:assert/strict";
import { inFolder, type Row } from "./row.ts";
import { formatScorecard } from "../../src/cli/commands/trust.ts";
import { measureRow, measureRows } from "./measure_rows.ts";
import { ResultsFile } from "./results_file.ts";
import { ROWS } from "./scorecard.ts";

const OPTIONS = { kills: 5, cases: 2000, quick: true };

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

Deno.test("a stopped scorecard goes on behind the rows that were kept, unless the code or the demand is another", async () => {
  await inFolder(async (dir) => {
    const measured: string[] = [];
    const controller = new AbortController();
    const made = (id: string, pass: boolean, stops = false): Row => ({
      id,
      promise: "p",
      measure: () => {
        measured.push(id);
        if (stops && !controller.signal.aborted) {
          controller.abort();
          return Promise.reject(new Error("stopped"));
        }
        return Promise.resolve({ pass, figure: 1, unit: "of 1", note: "n" });
      },
    });
    const rows = [made("R1", true), made("R2", false), made("R3", true, true), made("R4", true)];
    const FIRST = {};
    const run = async (changes: { code?: string; kills?: number; again?: boolean } = {}) => {
      measured.length = 0;
      const { code = "a", again = false, kills = 5 } = changes;
      const { results, stopped } = await measureRows({
        rows,
        again,
        options: {
          ...OPTIONS,
          kills,
          code,
          signal: changes === FIRST ? controller.signal : undefined,
        },
        file: new ResultsFile(`${dir}/kept`),
        say: () => {},
      });
      return { measured: measured.join(), results: results.map(({ id }) => id).join(), stopped };
    };
    const all = "R1,R2,R3,R4";
    assert.deepEqual(await run(FIRST), { measured: "R1,R2,R3", results: "R1,R2", stopped: true });
    assert.deepEqual(await run(), { measured: "R2,R3,R4", results: all, stopped: false });
    assert.equal((await run()).measured, "R2", "a broken row is measured again");
    assert.equal((await run({ kills: 6 })).measured, "R2,R3");
    assert.equal((await run({ code: "b" })).measured, all);
    assert.equal((await run({ code: "b", again: true })).measured, all);
    const table = Deno.readTextFileSync(`${dir}/kept/scorecard.md`).trim().split("\n");
    assert.deepEqual(table.length, 6);
    assert.match(table[3], /^\| R2 \| p \| NO \| 1 of 1 \| n \|$/);
  });
});
