import assert from "node:assert/strict";
import type { Command } from "../../src/cli/command.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { formatHelp } from "../../src/cli/format_help.ts";
import { parseArguments } from "../../src/cli/parse_arguments.ts";
import { SETUP_PLANS } from "../../src/cli/setup/setup_plan.ts";

const COMMAND: Command = {
  name: "demo",
  summary: "Demo",
  positional: { name: "path", default: "tests/", many: true, help: "Paths" },
  options: {
    set: { kind: "values", help: "Set" },
    out: { kind: "value", default: "runs", help: "Out" },
    resume: { kind: "flag", help: "Resume" },
  },
  run: () => Promise.resolve({}),
};

Deno.test("parseArguments fills in defaults when nothing is given", () => {
  const parsed = parseArguments(COMMAND, []);
  assert.deepEqual(parsed.positionals, ["tests/"]);
  assert.deepEqual(parsed.values("set"), []);
  assert.equal(parsed.value("out"), "runs");
  assert.equal(parsed.flag("resume"), false);
});

Deno.test("parseArguments keeps order and repetition when options are given", () => {
  const parsed = parseArguments(COMMAND, ["a", "--set", "x=1", "--set=y=-2", "b", "--resume"]);
  assert.deepEqual(parsed.positionals, ["a", "b"]);
  assert.deepEqual(parsed.values("set"), ["x=1", "y=-2"]);
  assert.equal(parsed.flag("resume"), true);
});

Deno.test("COMMANDS, set-up plans and deno.json name the same tasks when compared", () => {
  const config = JSON.parse(Deno.readTextFileSync(new URL("../../deno.json", import.meta.url)));
  const tasks = Object.keys(config.tasks).sort();
  assert.deepEqual(COMMANDS.map(({ name }) => name).sort(), tasks);
  assert.deepEqual(Object.keys(SETUP_PLANS).sort(), tasks);
  for (const command of COMMANDS) assert.match(formatHelp(command), /--json/);
});
