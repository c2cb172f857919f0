import assert from "node:assert/strict";
import { ensureNpmPackages } from "../../src/cli/setup/npm_packages.ts";
import { SetupError } from "../../src/cli/setup/report.ts";
import { runCommand } from "../../src/cli/setup/run_command.ts";

Deno.test("ensureNpmPackages ends with a message when the registry is silent", async () => {
  const root = Deno.makeTempDirSync();
  const open: ReadableStreamDefaultController[] = [];
  const body = () => new ReadableStream({ start: (controller) => void open.push(controller) });
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () => new Response(body(), { headers: { "content-type": "application/json" } }),
  );
  try {
    const imports = { zod: "npm:zod@4.6.7" };
    Deno.writeTextFileSync(
      `${root}/deno.json`,
      JSON.stringify({ nodeModulesDir: "auto", imports }),
    );
    Deno.writeTextFileSync(`${root}/deno.lock`, '{"version":"5"}');
    await assert.rejects(
      ensureNpmPackages(root, "deno.json", {
        idleSeconds: 4,
        env: {
          DENO_DIR: `${root}/cache`,
          NPM_CONFIG_REGISTRY: `http://127.0.0.1:${server.addr.port}/`,
          NO_COLOR: "1",
        },
      }),
      (error: unknown) => {
        assert.ok(error instanceof SetupError);
        assert.match(
          error.message,
          /^the npm packages could not be installed: nothing came for 4 s; is the network there\? What came is kept, run the task again/,
        );
        return true;
      },
    );
    assert.ok(open.length > 0, "the registry was asked");
    assert.throws(() => Deno.statSync(`${root}/node_modules/.clipa.json`), Deno.errors.NotFound);
  } finally {
    for (const controller of open) {
      try {
        controller.close();
      } catch { /* the client has gone */ }
    }
    await server.shutdown();
    Deno.removeSync(root, { recursive: true });
  }
});

Deno.test("runCommand kills a command that does nothing, and none that works or has ended", async () => {
  const run = (script: string) => runCommand("sh", ["-c", script], { idleSeconds: 1 });
  assert.deepEqual(await run("echo done; exit 2"), { code: 2, output: "done\n" });
  const idle = await run("echo begun; exec sleep 1000");
  assert.deepEqual([idle.stalled, idle.output], [true, "begun\n"]);
  assert.notEqual(idle.code, 0);
  const busy = await runCommand(
    "sh",
    ["-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo done"],
    { idleSeconds: 30 },
  );
  assert.equal(busy.stalled, undefined);
});
