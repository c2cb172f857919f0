import assert from "node:assert/strict";
import type { Command, CommandOutcome } from "../../src/cli/command.ts";
import { runCli } from "../../src/cli/run_cli.ts";
import { UsageError } from "../../src/cli/usage_error.ts";
import { fakeEnvironment } from "./fake_environment.ts";

function command(run: () => CommandOutcome): Command {
  return {
    name: "demo",
    summary: "Show how tasks behave",
    positional: { name: "thing", default: "quick", help: "What to show" },
    options: {
      set: { kind: "values", value: "a.b=VALUE", help: "Override a field" },
      out: { kind: "value", value: "DIR", default: "runs", help: "Where to write" },
    },
    run: () => Promise.resolve().then(run),
  };
}

Deno.test("runCli prints the text and returns the command's code when it succeeds", async () => {
  const { environment, printed } = fakeEnvironment();
  const demo = command(() => ({ code: 0, text: "fine", json: { a: 1 } }));
  assert.equal(await runCli([demo], ["demo"], environment), 0);
  assert.deepEqual(printed, ["fine"]);
});

Deno.test("runCli prints one JSON object and nothing else when --json is given", async () => {
  const { environment, printed, warned } = fakeEnvironment();
  const demo = command(() => {
    console.log("a stray line");
    return { code: 1, text: "fine", json: { a: 1 } };
  });
  assert.equal(await runCli([demo], ["demo", "--json"], environment), 1);
  assert.deepEqual(printed, ['{"a":1}']);
  assert.deepEqual(warned, ["a stray line"]);
});

Deno.test("runCli returns 1 with one line when the command fails as foreseen", async () => {
  const { environment, warned, printed } = fakeEnvironment();
  const demo = command(() => {
    throw new RangeError("batch: seen 1; allowed: 2 and more; set it higher");
  });
  assert.equal(await runCli([demo], ["demo"], environment), 1);
  assert.deepEqual(warned, ["error: batch: seen 1; allowed: 2 and more; set it higher"]);
  assert.deepEqual(printed, []);
});

Deno.test("runCli returns 2 when the usage is wrong", async () => {
  const cases: [string[], RegExp][] = [
    [["nope"], /unknown task "nope"; known tasks: demo/],
    [["demo", "--nope"], /Unknown option '--nope'; allowed: --set, --out, --json, --help/],
    [["demo", "a", "b"], /unexpected argument "b"; allowed: at most one argument, thing/],
    [["demo", "--out"], /--out/],
  ];
  for (const [args, expected] of cases) {
    const { environment, warned } = fakeEnvironment();
    assert.equal(await runCli([command(() => ({}))], args, environment), 2, args.join(" "));
    assert.match(warned[0], expected);
  }
  const { environment } = fakeEnvironment();
  const demo = command(() => {
    throw new UsageError("give one of two");
  });
  assert.equal(await runCli([demo], ["demo"], environment), 2);
});

Deno.test("runCli returns 130 and says how to go on when the user stopped it", async () => {
  const { environment, warned, controller } = fakeEnvironment();
  const demo = command(() => {
    controller.abort();
    throw new Error("read failed");
  });
  assert.equal(await runCli([demo], ["demo"], environment), 130);
  assert.match(warned[0], /stopped; .* again to go on/);
});

Deno.test("runCli shows every option with its default when --help is given", async () => {
  const { environment, printed } = fakeEnvironment();
  const demo = command(() => assert.fail("the command ran"));
  assert.equal(await runCli([demo], ["demo", "--help"], environment), 0);
  assert.equal(
    printed[0],
    [
      "Show how tasks behave.",
      "",
      "Usage: deno task demo [thing] [options]",
      "",
      "  thing            What to show (default: quick)",
      "  --set a.b=VALUE  Override a field (repeatable; default: none)",
      "  --out DIR        Where to write (default: runs)",
      "  --json           Print one JSON object as the last line of stdout (default: off)",
      "  --help           Show this help (default: off)",
    ].join("\n"),
  );
});
