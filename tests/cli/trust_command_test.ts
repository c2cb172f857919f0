import assert from "node:assert/strict";
import { trust } from "../../src/cli/commands/trust.ts";
import { runCli } from "../../src/cli/run_cli.ts";
import { fakeEnvironment } from "./fake_environment.ts";

Deno.test("trust refuses a promise that is none and a number of kills that is none", async () => {
  const cases: [string[], RegExp][] = [
    [["--only", "R99"], /--only: seen R99; allowed: the number of a promise, R1 to R16/],
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
