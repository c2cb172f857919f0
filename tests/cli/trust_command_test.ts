import assert from "node:assert/strict";
import { trust } from "../../src/cli/commands/trust.ts";
import { runCli } from "../../src/cli/run_cli.ts";
import { fakeEnvironment } from "./fake_environment.ts";

Deno.test("trust refuses a promise that is none and a number of kills that is none", async () => {
  const cases: [string[], RegExp][] = [
    [["--only", "R99"], /--only: seen R99; allowed: numbers of promises, R1 to R16/],
    [["--only", "R3,"], /--only: seen R3,; allowed/],
    [["--cases", "1e9x"], /--cases: seen 1e9x; allowed: a whole number from 1/],
    [["--only", "kill"], /--only: seen kill/],
    [["--kills", "0"], /--kills: seen 0; allowed: a whole number from 1/],
    [["--kills", "many"], /--kills: seen many/],
  ];
  for (const [args, message] of cases) {
    const { environment, warned } = fakeEnvironment();
    assert.equal(await runCli([trust], ["trust", ...args], environment), 2);
    assert.match(warned[0], message);
  }
});
