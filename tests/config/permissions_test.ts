import assert from "node:assert/strict";
import { SETUP_PLANS } from "../../src/cli/setup/setup_plan.ts";
import { permissionFlags, TASK_PERMISSIONS, trainingFlags } from "../../src/config/permissions.ts";

Deno.test("every task but those that run tests has narrow permissions, and only fetch has the network", () => {
  const tests = ["test", "test:cuda-build", "test:sanitize", "trust", "ok"];
  const listed = [...Object.keys(TASK_PERMISSIONS), ...tests].sort();
  assert.deepEqual(listed, Object.keys(SETUP_PLANS).sort());
  for (const task of Object.keys(TASK_PERMISSIONS)) {
    const flags = permissionFlags(task, "/bin/deno");
    assert.ok(!flags.some((flag) => /^-A|--allow-all/.test(flag)), `${task}: ${flags}`);
    assert.equal(flags.includes("--allow-net"), task === "fetch");
    assert.ok(flags.includes("--no-prompt"));
  }
  for (const task of tests) assert.deepEqual(permissionFlags(task, "deno"), ["-A"]);
});

Deno.test("permissionFlags names the running Deno where a task starts itself", () => {
  assert.ok(permissionFlags("sweep", "/opt/deno").includes("--allow-run=/opt/deno,git"));
});

Deno.test("a training process can neither reach the network nor start a program", async () => {
  const probe = `
    const problems = [];
    for (const attempt of [
      () => fetch("http://127.0.0.1:8999/"),
      () => Deno.connect({ port: 8999 }),
      () => new Deno.Command("ls").output(),
    ]) {
      try { await attempt(); problems.push("worked"); } catch (error) { problems.push(error.name); }
    }
    console.log(problems.join());`;
  const file = Deno.makeTempFileSync({ suffix: ".ts" });
  try {
    Deno.writeTextFileSync(file, probe);
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-config", ...trainingFlags(Deno.execPath()), file],
    }).output();
    const seen = new TextDecoder().decode(stdout).trim();
    assert.equal(seen, "NotCapable,NotCapable,NotCapable");
  } finally {
    Deno.removeSync(file);
  }
});
