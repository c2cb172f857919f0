import assert from "node:assert/strict";
import { libraryPath } from "../../src/native/library.ts";
import { symbols } from "../../src/native/symbols.ts";
import type { Answer } from "./every_entry.ts";

const EVERY_ENTRY = new URL("./every_entry.ts", import.meta.url);

/** Runs a script in a process of its own, where a crash is a signal and no end of the tests. */
async function answersOf(script: string): Promise<Answer[][]> {
  const { code, signal, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--config", configPath(), script],
    stdout: "piped",
    stderr: "piped",
  }).output();
  const said = new TextDecoder().decode(stderr);
  assert.deepEqual([code, signal], [0, null], said);
  return JSON.parse(new TextDecoder().decode(stdout));
}

function configPath(): string {
  return Deno.env.get("CLIPA_DENO_CONFIG") ??
    decodeURIComponent(new URL("../../deno.json", import.meta.url).pathname);
}

function assertRefused(answers: readonly Answer[]): void {
  assert.deepEqual(answers.map(({ name }) => name), Object.keys(symbols));
  for (const { name, calls, unknown } of answers) {
    assert.ok(calls >= 8, `${name} was called ${calls} times`);
    assert.deepEqual(unknown, [], `${name} answered with no status of the header`);
  }
  // Nothing that needs a handle takes none of these, which were never given or are gone.
  for (const { name, fine } of answers) {
    const parameters: readonly string[] = symbols[name as keyof typeof symbols].parameters;
    const tells = /abi_version|build_info|error_message|map_scratch|custom_ops|dist_/.test(name);
    if (!tells && parameters.includes("u64")) assert.equal(fine, 0, `${name} took a wrong handle`);
  }
}

Deno.test("every entry point answers with a status to nulls, wrong handles, sizes and disposed ones, twice", async () => {
  const [answers] = await answersOf(`
    import { callAll } from ${JSON.stringify(EVERY_ENTRY.href)};
    console.log(JSON.stringify([await callAll(${JSON.stringify(libraryPath())})]));`);
  assertRefused(answers);
});

Deno.test("every entry point answers with a status to wrong calls from two workers and the main thread at once", async () => {
  const all = await answersOf(`
    import { callAll } from ${JSON.stringify(EVERY_ENTRY.href)};
    const path = ${JSON.stringify(libraryPath())};
    const code = \`import { callAll } from ${JSON.stringify(EVERY_ENTRY.href)};
      postMessage(await callAll(\${JSON.stringify(path)}));\`;
    const url = "data:text/javascript," + encodeURIComponent(code);
    const workers = [1, 2].map(() => new Promise((resolve, reject) => {
      const worker = new Worker(url, { type: "module" });
      worker.onmessage = ({ data }) => (worker.terminate(), resolve(data));
      worker.onerror = ({ message }) => reject(new Error(message));
    }));
    console.log(JSON.stringify(await Promise.all([callAll(path), ...workers])));`);
  assert.equal(all.length, 3);
  for (const answers of all) assertRefused(answers);
});
