import assert from "node:assert/strict";
import { testFuzz } from "../../src/cli/commands/test_fuzz.ts";
import { runCli } from "../../src/cli/run_cli.ts";
import { ROOT } from "../structure/source_files.ts";
import { fakeEnvironment } from "./fake_environment.ts";

Deno.test("test:fuzz refuses an entry point that is none and times that are none", async () => {
  const cases: [string[], RegExp][] = [
    [["--only", "tar"], /--only: seen tar; allowed: search, pictures, ops, peers/],
    [["--seconds", "0"], /--seconds: seen 0; allowed: a whole number from 1/],
    [["--runs", "0"], /--runs: seen 0; allowed: a whole number from 1/],
  ];
  for (const [args, message] of cases) {
    const { environment, warned } = fakeEnvironment();
    assert.equal(await runCli([testFuzz], ["test:fuzz", ...args], environment), 2);
    assert.match(warned[0], message);
  }
});

Deno.test("the kept inputs of the library's fuzzers are small and as many as are said", () => {
  const path = `${ROOT}/kernels/tests/fuzz/corpus.json`;
  const corpus: Record<string, string[]> = JSON.parse(Deno.readTextFileSync(path));
  assert.deepEqual(Object.keys(corpus), ["search", "pictures", "ops", "peers"]);
  for (const [entry, inputs] of Object.entries(corpus)) {
    assert.ok(inputs.length >= 10 && inputs.length <= 16, entry);
    for (const hex of inputs) assert.ok(Uint8Array.fromHex(hex).length <= 96, entry);
  }
});
