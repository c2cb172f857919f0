import assert from "node:assert/strict";
import { checkoutFile, checkoutFolder } from "../../src/config/checkout_folder.ts";

const ROOT = decodeURIComponent(new URL("../..", import.meta.url).pathname).replace(/\/$/, "");

// Where JSR cannot be reached, set-up has made this file, and the stand-in is linked as well.
const OFFLINE = exists(`${ROOT}/deno.offline.json`);
const STAND_IN = `${ROOT}/src/config/offline/std_yaml`;

/** A configuration that links this checkout and finds it under the name `@clipa/kit`. */
function linked(kit: string): Record<string, unknown> {
  return { links: [ROOT, ...(OFFLINE ? [STAND_IN] : [])], imports: { "@clipa/kit": kit } };
}

const REGISTRY = linked("jsr:@clipa/kit@^0.1");

/** Runs a script in a project of its own with that configuration; returns what it prints. */
async function runInProject(
  config: Record<string, unknown>,
  script: string,
  env: Record<string, string> = {},
) {
  const dir = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${dir}/deno.json`, JSON.stringify(config));
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

const PLACES = {
  "a registry's name": "jsr:@clipa/kit@^0.1",
  "a path": `${ROOT}/mod.ts`,
  "a file's URL": `file://${ROOT}/mod.ts`,
};

for (const [what, kit] of Object.entries(PLACES)) {
  Deno.test(`a project that links the checkout finds its files when it imports by ${what}`, async () => {
    const { out, error } = await runInProject(
      linked(kit),
      `
      import { libraryPath, loadRecipe, openNamedTokenizer, planRecipe, readHardware } from "@clipa/kit";
      const plan = planRecipe(loadRecipe("paper/clipa-v2-h14"), readHardware("a100-80gb:8"));
      const ids = openNamedTokenizer("clip-bpe", "torch").encodeIds("a cat");
      console.log(JSON.stringify([loadRecipe("quick").name, Math.round(plan.gpuHours), ids, libraryPath()]));
    `,
    );
    assert.notEqual(out, "", error);
    const [name, hours, ids, path] = JSON.parse(out);
    assert.deepEqual([name, hours, ids], ["quick", 8232, [320, 2368]]);
    assert.equal(path, Deno.env.get("CLIPA_LIBRARY") ?? `${ROOT}/build/cpu/libclipa_cpu.so`);
  });
}

Deno.test("a project that links the checkout computes with its library", async () => {
  const { out, error } = await runInProject(
    REGISTRY,
    `import { NativeContext, nativeLibrary } from "@clipa/kit";
    using context = new NativeContext();
    console.log(nativeLibrary().path);`,
  );
  assert.equal(out, Deno.env.get("CLIPA_LIBRARY") ?? `${ROOT}/build/cpu/libclipa_cpu.so`, error);
});

Deno.test("a project is told the very command that builds the library when it is not there", async () => {
  const { success, error } = await runInProject(
    REGISTRY,
    `import { nativeLibrary } from "@clipa/kit"; nativeLibrary();`,
    { CLIPA_LIBRARY: "/none/libclipa_cpu.so" },
  );
  assert.equal(success, false);
  const command = `deno task --cwd ${ROOT} build`;
  assert.match(error, /native library \/none\/.* cannot be loaded /);
  assert.ok(error.includes(`build it with \`${command}\``), error);
  const [program, ...args] = command.split(" ");
  assert.equal(program, "deno");
  const built = await new Deno.Command(Deno.execPath(), { args, cwd: "/" }).output();
  assert.equal(new TextDecoder().decode(built.stdout).trim(), `${ROOT}/build/cpu/libclipa_cpu.so`);
});

Deno.test("a module that came over the network says what only a checkout has", () => {
  assert.throws(
    () => checkoutFile("./recipes/", "https://example.org/kit/src/config/load_recipe.ts"),
    /example\.org.* over the network; .* clone the project and name its folder in "links"/,
  );
  assert.equal(checkoutFolder("https://example.org/kit/src/config/checkout_folder.ts"), undefined);
  assert.equal(checkoutFolder(), ROOT);
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
