import assert from "node:assert/strict";
import { evaluateSource, nameOfShards } from "../../src/run/evaluate_source.ts";

Deno.test("nameOfShards names the files or their folder when the glob has numbers and wildcards", () => {
  assert.equal(nameOfShards("data/pets-*.tar"), "pets");
  assert.equal(nameOfShards("data/pets-{00000..00009}.tar"), "pets");
  assert.equal(nameOfShards("pets-00001.tar"), "pets");
  assert.equal(nameOfShards("pets/*.tar"), "pets");
  assert.equal(nameOfShards("*.tar"), "shards");
});

Deno.test("evaluateSource finds wrong lists and globs before it opens a model", async () => {
  const dir = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${dir}/empty.json`, "[]");
    Deno.writeTextFileSync(`${dir}/classes.json`, '["cat"]');
    Deno.writeTextFileSync(`${dir}/templates.json`, '["a photo"]');
    Deno.writeTextFileSync(`${dir}/a.tar`, "");
    const evaluate = (shards: string, classes: string, templates: string) =>
      evaluateSource({ kind: "run", dir: `${dir}/no-run` }, {
        task: {
          kind: "shards",
          shards: `${dir}/${shards}`,
          fit: "squash",
          prompts: { classes: `${dir}/${classes}`, templates: `${dir}/${templates}` },
        },
        device: "cpu",
        signal: new AbortController().signal,
        onProgress: () => {},
      });
    await assert.rejects(
      evaluate("b*.tar", "classes.json", "templates.json"),
      /--shards: no file fits/,
    );
    await assert.rejects(evaluate("a.tar", "empty.json", "templates.json"), /seen an empty list/);
    await assert.rejects(evaluate("a.tar", "classes.json", "templates.json"), /exactly one \{\}/);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
