import assert from "node:assert/strict";
import { appendRow, readResults } from "../../src/scaling/sweep/results_file.ts";
import type { SweepRow } from "../../src/scaling/sweep/sweep_row.ts";

const row = (cell: string): SweepRow => ({
  cell,
  sweep: "small",
  labels: { seed: "1" },
  commit: null,
  dirty: null,
  library: "abc",
  host: { cpu: "c", cores: 2, threads: 1 },
  ended: "2026-01-01T00:00:00Z",
  status: "failed",
  reason: "a reason",
});

function withFile(body: (path: string) => void): void {
  const dir = Deno.makeTempDirSync();
  try {
    body(`${dir}/deep/results.jsonl`);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

Deno.test("results come back as they were added, the newest row of a cell first in line", () =>
  withFile((path) => {
    assert.deepEqual(readResults(path).rows, []);
    appendRow(path, row("a"));
    appendRow(path, row("b"));
    appendRow(path, { ...row("a"), reason: "another" } as SweepRow);
    const { rows, newest } = readResults(path);
    assert.deepEqual(rows.map(({ cell }) => cell), ["a", "b", "a"]);
    assert.equal((newest.get("a") as { reason: string }).reason, "another");
  }));

Deno.test("readResults names file, line and reason when a row is damaged, and changes nothing", () =>
  withFile((path) => {
    appendRow(path, row("a"));
    const whole = Deno.readTextFileSync(path);
    const damaged = [
      [whole.slice(0, 40) + "\n" + whole, /results\.jsonl, line 1 is damaged: not JSON/],
      [whole + "\n" + whole, /line 2 is damaged: not JSON/],
      [
        whole + whole.replace('"cell"', '"zell"'),
        /line 2 is damaged: cell: .*mend the line or delete it/,
      ],
      [whole.replace('"failed"', '"finished"'), /line 1 is damaged: status/],
      [whole.replace('"dirty":null', '"dirty":"no"'), /line 1 is damaged: dirty/],
    ] as const;
    for (const [text, message] of damaged) {
      Deno.writeTextFileSync(path, text);
      assert.throws(() => readResults(path), { name: "SyntaxError", message });
      assert.equal(Deno.readTextFileSync(path), text);
    }
  }));

Deno.test("readResults refuses a row whose hits do not fit its classes, since its interval would be wrong", () =>
  withFile((path) => {
    const done = {
      ...row("a"),
      status: "done",
      recipeHash: "0",
      recipe: {},
      seed: 1,
      parameters: { image: 1, text: 1, total: 2 },
      macs: 1,
      stages: [],
      shared: null,
      seconds: 1,
      metrics: [],
    };
    const { reason: _, ...good } = done as typeof done & { reason: string };
    appendRow(path, { ...good, classHits: { b: { hits: [0, 2], sizes: [1, 2] } } } as SweepRow);
    const whole = Deno.readTextFileSync(path);
    for (const hits of ["[0]", "[2,2]", "[0,2,0]"]) {
      Deno.writeTextFileSync(path, whole.replace('"hits":[0,2]', `"hits":${hits}`));
      assert.throws(
        () => readResults(path),
        /line 1 is damaged: classHits\.b: allowed: as many hits/,
      );
    }
  }));

Deno.test("readResults moves a last line that was cut short aside and keeps the others", () =>
  withFile((path) => {
    appendRow(path, { ...row("a"), reason: "grün" } as SweepRow);
    const whole = Deno.readTextFileSync(path);
    Deno.writeTextFileSync(path, whole + whole.slice(0, 50));
    const said: string[] = [];
    assert.deepEqual(readResults(path, (message) => said.push(message)).rows.length, 1);
    assert.equal(Deno.readTextFileSync(path), whole);
    assert.equal(Deno.readTextFileSync(`${path}.torn`), whole.slice(0, 50) + "\n");
    assert.match(
      said[0],
      /the last line was cut short; it is now in .*\.torn and its cell runs again/,
    );
    appendRow(path, row("b"));
    assert.deepEqual(readResults(path).rows.map(({ cell }) => cell), ["a", "b"]);
  }));

Deno.test("appendRow refuses a row that could not be read back, and says which file cannot be written", () =>
  withFile((path) => {
    assert.throws(() => appendRow(path, { ...row("a"), cell: "" }));
    assert.throws(() => Deno.statSync(path), Deno.errors.NotFound);
    Deno.mkdirSync(path, { recursive: true });
    assert.throws(() => appendRow(path, row("a")), /results\.jsonl cannot be written .*--results/);
  }));
