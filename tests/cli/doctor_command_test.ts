import assert from "node:assert/strict";
import { doctorCommand, formatFindings } from "../../src/cli/commands/doctor.ts";
import { runCli } from "../../src/cli/run_cli.ts";
import { fakeEnvironment } from "./fake_environment.ts";

const FINDINGS = {
  versions: { kit: "1.2.3" },
  devices: [{ name: "cuda", note: "no driver" }],
  stages: [
    { name: "disk.read", rate: 48.06, unit: "MB/s", pairs: 4000, note: "random" },
    { name: "step", rate: 12345.6, unit: "pairs/s", pairs: 12345.6, note: "a step" },
  ],
  bottleneck: "disk.read",
  advice: "Get a faster disk.",
  warnings: ["busy"],
};

Deno.test("doctor prints versions, devices, stages and the bottleneck when it has examined", () => {
  const text = formatFindings(FINDINGS);
  assert.match(text, /^kit +1\.2\.3$/m);
  assert.match(text, /^cuda +no driver$/m);
  assert.match(text, /^disk\.read +48\.1 MB\/s +random$/m);
  assert.match(text, /^step +12,346 pairs\/s +a step$/m);
  assert.match(text, /^bottleneck of training: disk\.read\. Get a faster disk\.$/m);
});

Deno.test("doctor hands its folder on and gives its findings as JSON when asked", async () => {
  let seen = "";
  const command = doctorCommand({
    examine({ folder }) {
      seen = folder;
      return Promise.resolve(FINDINGS);
    },
  });
  const { environment, printed } = fakeEnvironment();
  const code = await runCli([command], ["doctor", "--folder", "there", "--json"], environment);
  assert.equal(code, 0);
  assert.equal(seen, "there");
  assert.deepEqual(JSON.parse(printed.at(-1)!), FINDINGS);
});
