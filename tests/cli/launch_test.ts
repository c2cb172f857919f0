import assert from "node:assert/strict";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Runs a Deno program from the repository without its configuration, as the tasks do. */
async function run(args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-config", "-A", ...args],
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

Deno.test("launch shows a task's help without any set-up when --help is given", async () => {
  const { code, stdout, stderr } = await run([`${ROOT}src/cli/launch.ts`, "test", "--help"]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^Run the tests\.\n\nUsage: deno task test \[path\.\.\.\] \[options\]/);
  assert.doesNotMatch(stderr, /set-up/);
});

Deno.test("launch returns 2 and names the tasks when the task is unknown", async () => {
  const { code, stderr } = await run([`${ROOT}src/cli/launch.ts`, "nope"]);
  assert.equal(code, 2);
  assert.match(stderr, /^error: unknown task "nope"; known tasks: .*test/);
});

Deno.test("forwardSignals hands SIGINT, SIGTERM and SIGUSR1 to the child when there is no terminal", async () => {
  const script = await Deno.makeTempFile({ suffix: ".ts" });
  const child = `
    for (const [name, code] of Object.entries({ SIGINT: 41, SIGTERM: 42, SIGUSR1: 43 })) {
      Deno.addSignalListener(name, () => { console.log(name); Deno.exit(code); });
    }
    console.log("ready"); setInterval(() => {}, 1000);`;
  await Deno.writeTextFile(
    script,
    `import { forwardSignals } from "file://${ROOT}src/cli/setup/forward_signals.ts";
     const child = new Deno.Command(Deno.execPath(), {
       args: ["eval", "--no-config", ${JSON.stringify(child)}],
     }).spawn();
     forwardSignals(child);
     Deno.exit((await child.status).code);`,
  );
  try {
    for (const [signal, code] of [["SIGINT", 41], ["SIGTERM", 42], ["SIGUSR1", 43]] as const) {
      const parent = new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-config", "-A", script],
        stdin: "null",
        stdout: "piped",
      }).spawn();
      const reader = parent.stdout.pipeThrough(new TextDecoderStream()).getReader();
      assert.equal((await reader.read()).value, "ready\n");
      parent.kill(signal);
      assert.equal((await reader.read()).value, `${signal}\n`);
      assert.equal((await parent.status).code, code);
      await reader.cancel();
    }
  } finally {
    await Deno.remove(script);
  }
});
