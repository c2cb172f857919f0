import assert from "node:assert/strict";
import { fileExists } from "../../src/cli/setup/file_exists.ts";
import { ROOT } from "./source_files.ts";

/** What `deno publish` would upload, without uploading it; types are checked by another test. */
async function dryRun(): Promise<{ success: boolean; text: string }> {
  const offline = `${ROOT}/deno.offline.json`;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "publish",
      "--dry-run",
      "--allow-dirty",
      "--no-check",
      "--config",
      fileExists(offline) ? offline : `${ROOT}/deno.json`,
    ],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { success, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

Deno.test("the registry's rules hold: no slow types, no directive that changes globals, every file needed", async () => {
  const { success, text } = await dryRun();
  if (!success && /error sending request|dns error|tcp connect/.test(text)) {
    console.error(`skipped: deno publish needs a registry that cannot be reached: ${text}`);
    return;
  }
  assert.ok(success, text);
  assert.match(text, /Checking for slow types/);
  assert.doesNotMatch(text, /^warning/m);
  const files = [...text.matchAll(/file:\/\/(\S+) \(/g)].map(([, path]) =>
    decodeURIComponent(path).slice(ROOT.length + 1)
  );
  for (
    const needed of [
      "mod.ts",
      "LICENSE",
      "README.md",
      "deno.json",
      "src/config/recipes/quick.yaml",
      "src/data/icons/held_out.json",
      "kernels/CMakeLists.txt",
      "kernels/include/clipa.h",
    ]
  ) assert.ok(files.includes(needed), `${needed} is left out`);
  const odd = files.filter((path) =>
    /^(\.|tests\/|notebooks\/|node_modules\/|build\/|runs\/)/.test(path)
  );
  assert.deepEqual(odd.filter((path) => path !== ".clang-format"), []);
});
