import assert from "node:assert/strict";
import { exportCommand, type ExportParts } from "../../src/cli/commands/export.ts";
import { runCli } from "../../src/cli/run_cli.ts";
import { fakeEnvironment } from "./fake_environment.ts";

const HASH = "0".repeat(64);

/** A command that notes what it is asked for. */
function spyExport() {
  const calls: Parameters<ExportParts["exportRun"]>[] = [];
  const command = exportCommand({
    exportRun(run, options) {
      calls.push([run, options]);
      return Promise.resolve({
        model: options.out,
        files: [{ path: "image.onnx", bytes: 12, sha256: HASH }],
        parity: { cosineMin: 0.9999999, maxAbs: 2e-7 },
        finished: true,
      });
    },
  });
  return { calls, command };
}

Deno.test("export writes to models/<run> in both forms when only the run is given", async () => {
  const { calls, command } = spyExport();
  const { environment, printed } = fakeEnvironment();
  assert.equal(await runCli([command], ["export", "--run", "runs/tiny/"], environment), 0);
  const [[run, { out, form }]] = calls;
  assert.deepEqual([run, out, form], ["runs/tiny", "models/tiny", undefined]);
  assert.match(printed[0], /image\.onnx {2}12 bytes\n.*cosine 0\.9999999, difference 2\.0e-7/);
});

Deno.test("export prints model, files and parity when --json is given", async () => {
  const { calls, command } = spyExport();
  const { environment, printed } = fakeEnvironment();
  const args = ["export", "--run", "r", "--out", "there", "--form", "portable", "--json"];
  assert.equal(await runCli([command], args, environment), 0);
  assert.deepEqual([calls[0][1].out, calls[0][1].form], ["there", "portable"]);
  assert.deepEqual(JSON.parse(printed[0]), {
    model: "there",
    files: [{ path: "image.onnx", bytes: 12, sha256: HASH }],
    parity: { cosineMin: 0.9999999, maxAbs: 2e-7 },
    finished: true,
  });
});

Deno.test("export is wrong usage when the run is missing or the form is unknown", async () => {
  const { command } = spyExport();
  const { environment, warned } = fakeEnvironment();
  assert.equal(await runCli([command], ["export"], environment), 2);
  assert.match(warned.join(), /--run is missing/);
  const args = ["export", "--run", "r", "--form", "pickle"];
  assert.equal(await runCli([command], args, environment), 2);
  assert.match(warned.join(), /--form: seen "pickle"; allowed: .*portable/);
});
