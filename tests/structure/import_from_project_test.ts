import assert from "node:assert/strict";

const ROOT = decodeURIComponent(new URL("../..", import.meta.url).pathname).replace(/\/$/, "");

/** Runs a script in a project of its own that links this checkout; returns what it prints. */
async function runInProject(script: string, env: Record<string, string> = {}) {
  const dir = Deno.makeTempDirSync();
  try {
    // Where JSR cannot be reached, set-up has made this file, and the stand-in is linked as well.
    const offline = exists(`${ROOT}/deno.offline.json`);
    const links = [ROOT, ...(offline ? [`${ROOT}/src/config/offline/std_yaml`] : [])];
    const imports = { "@clipa/kit": "jsr:@clipa/kit@^0.1" };
    Deno.writeTextFileSync(`${dir}/deno.json`, JSON.stringify({ links, imports }));
    Deno.writeTextFileSync(`${dir}/main.ts`, script);
    const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-lock", "--no-check", "--cached-only", "main.ts"],
      cwd: dir,
      env: { ...env, NO_COLOR: "1" },
    }).output();
    return {
      out: new TextDecoder().decode(stdout).trim(),
      error: new TextDecoder().decode(stderr),
      success,
    };
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

Deno.test("another project that links the checkout finds recipes, vocabularies and the library's place", async () => {
  const { out, error } = await runInProject(`
    import { libraryPath, loadRecipe, openNamedTokenizer, planRecipe, readHardware } from "@clipa/kit";
    const plan = planRecipe(loadRecipe("paper/clipa-v2-h14"), readHardware("a100-80gb:8"));
    const ids = openNamedTokenizer("clip-bpe", "torch").encodeIds("a cat");
    console.log(JSON.stringify([loadRecipe("quick").name, Math.round(plan.gpuHours), ids, libraryPath()]));
  `);
  assert.notEqual(out, "", error);
  const [name, hours, ids, path] = JSON.parse(out);
  assert.deepEqual([name, hours, ids], ["quick", 8232, [320, 2368]]);
  assert.equal(path, Deno.env.get("CLIPA_LIBRARY") ?? `${ROOT}/build/cpu/libclipa_cpu.so`);
});

Deno.test("another project is told how to build the native library when it is not there", async () => {
  const { success, error } = await runInProject(
    `import { nativeLibrary } from "@clipa/kit"; nativeLibrary();`,
    { CLIPA_LIBRARY: "/none/libclipa_cpu.so" },
  );
  assert.equal(success, false);
  assert.match(
    error,
    /native library \/none\/.* cannot be loaded .*build it with `deno task build`/,
  );
});

Deno.test("module and citation have one semantic version, which the changelog begins below", () => {
  const { version } = JSON.parse(Deno.readTextFileSync(`${ROOT}/deno.json`));
  assert.match(version, /^\d+\.\d+\.\d+$/);
  const citation = Deno.readTextFileSync(`${ROOT}/CITATION.cff`);
  assert.equal(/^version: (\S+)$/m.exec(citation)?.[1], version);
  const headings = Deno.readTextFileSync(`${ROOT}/CHANGELOG.md`).match(/^## .*$/gm) ?? [];
  assert.equal(headings[0], "## Unreleased");
  // Released versions, where there are any, start with the module's own.
  assert.ok(headings.length === 1 || headings[1].startsWith(`## ${version}`), headings[1]);
});
