import assert from "node:assert/strict";
import { parseRecipe } from "../../src/config/parse_recipe.ts";
import { openClipConfig } from "../../src/onnx/open_clip_config.ts";
import { runCli } from "../../src/cli/run_cli.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { writeCard } from "../../src/run/card/write_card.ts";
import { writeDataCard } from "../../src/run/card/write_data_card.ts";
import { tinyRecipe } from "../config/tiny_recipe.ts";
import { madeCard } from "./made_card.ts";

const recipe = parseRecipe(tinyRecipe(), "tiny.yaml");
const score = {
  top1: 0.4321,
  top5: 0.8,
  n: 500,
  classes: 50,
  se: 0.022,
  resolution: 32,
  textTokens: 8,
  truncatedPrompts: 0.25,
};

/** Runs with the folders of a model and of its run. */
function withFolders(use: (model: string, run: string) => void, samples = 1000) {
  const dir = Deno.makeTempDirSync();
  try {
    for (const name of ["model", "run"]) Deno.mkdirSync(`${dir}/${name}`);
    Deno.writeTextFileSync(`${dir}/model/model.json`, JSON.stringify(madeCard(recipe)));
    Deno.writeTextFileSync(`${dir}/run/recipe.yaml`, JSON.stringify(recipe));
    const result = { samples, eval: { "icons-100": score } };
    Deno.writeTextFileSync(`${dir}/run/result.json`, JSON.stringify(result));
    use(`${dir}/model`, `${dir}/run`);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

Deno.test("writeCard states the facts of the files and the run's scores when a run is named", () => {
  withFolders((model, run) => {
    const path = writeCard(`${model}/`, { run, license: "apache-2.0" });
    assert.equal(path, `${model}/README.md`);
    const text = Deno.readTextFileSync(path);
    assert.ok(text.startsWith("---\nlicense: apache-2.0\nlibrary_name: onnx\n"));
    assert.match(
      text,
      /\| icons-100 \| 43\.2 \| 2\.2 \| 80\.0 \| 500 \| 50 \| 32 \| 8 \| 25\.0 \|/,
    );
    assert.match(text, /\| pairs seen \| 1,000 \|/);
    assert.match(text, /at least 0\.9999999, difference at most 1\.2e-6/);
    assert.match(text, /\| image\.onnx \| 123 \| b{64} \|/);
    // Names cannot break the table.
    assert.ok(text.includes("shards/a\\_b\\|c/\\*.tar"));
    assert.deepEqual([...Deno.readDirSync(model)].map(({ name }) => name).sort(), [
      "README.md",
      "model.json",
    ]);
  });
});

Deno.test("writeCard says that nothing was measured and leaves the licence out when none is named", () => {
  withFolders((model) => {
    const text = Deno.readTextFileSync(writeCard(model));
    assert.match(text, /Not measured with this card/);
    assert.ok(!text.includes("license:"));
  });
});

Deno.test("writeCard refuses the scores of another run, an unfinished one, and an odd licence", () => {
  withFolders((model, run) => {
    assert.throws(() => writeCard(model, { run }), /after 500 pairs, the model has seen 1000/);
    Deno.removeSync(`${run}/result.json`);
    assert.throws(() => writeCard(model, { run }), /no result\.json: it is not finished/);
    Deno.writeTextFileSync(`${run}/recipe.yaml`, JSON.stringify({ ...recipe, seed: 7 }));
    assert.throws(() => writeCard(model, { run }), /name the run that the model was exported from/);
    assert.throws(() => writeCard(model, { license: "x\ny: 1" }), /license: seen .* allowed/);
    assert.throws(() => writeCard(run), /holds no model/);
    assert.ok(![...Deno.readDirSync(model)].some(({ name }) => name === "README.md"));
  }, 500);
});

Deno.test("openClipConfig names BERT's tokenizer when the model has it", () => {
  const shape = { spec: recipe.model, imageSize: 32, textTokens: 8 };
  const text = (kind: "icons" | "bert-uncased") =>
    (openClipConfig(shape, undefined, kind) as {
      model_cfg: { text_cfg: Record<string, unknown> };
    }).model_cfg.text_cfg;
  assert.equal(text("bert-uncased").hf_tokenizer_name, "bert-base-uncased");
  assert.deepEqual(text("bert-uncased").tokenizer_kwargs, { strip_sep_token: true });
  assert.ok(!("hf_tokenizer_name" in text("icons")));
});

Deno.test("writeDataCard states the facts of packed shards and no path of their source", () => {
  const dir = Deno.makeTempDirSync();
  try {
    const skipped = [{ reason: "no caption", count: 3, first: "photos/secret.png: no caption" }];
    const report = { shards: ["00000.tar", "00001.tar"], samples: 1500, skipped };
    Deno.writeTextFileSync(`${dir}/shards.json`, JSON.stringify(report));
    assert.throws(() => writeDataCard(dir), /00000\.tar is missing, but shards\.json names it/);
    for (const name of report.shards) Deno.writeFileSync(`${dir}/${name}`, new Uint8Array(1024));
    const text = Deno.readTextFileSync(writeDataCard(dir, "cc-by-4.0"));
    assert.match(text, /^---\nlicense: cc-by-4\.0\n/);
    assert.match(text, /1,500 pictures with captions in 2 webdataset shards, 2,048 bytes/);
    assert.match(text, /\| no caption \| 3 \|/);
    assert.ok(!text.includes("secret"));
    Deno.writeTextFileSync(`${dir}/shards.json`, JSON.stringify({ ...report, shards: ["../x"] }));
    assert.throws(() => writeDataCard(dir), /shards\.json: shards\.0: .*; pack the shards again/);
    Deno.removeSync(`${dir}/shards.json`);
    assert.throws(() => writeDataCard(dir), /shards\.json is missing; pack the shards with/);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("card takes a model or shards, not both and not neither", async () => {
  const run = async (...args: string[]) => {
    const warned: string[] = [];
    const code = await runCli(COMMANDS, ["card", ...args], {
      signal: new AbortController().signal,
      env: () => undefined,
      root: ".",
      print: () => {},
      warn: (line) => warned.push(line),
    });
    return [code, warned.join("\n")] as const;
  };
  for (const args of [[], ["--model", "a", "--shards", "b"]]) {
    const [code, text] = await run(...args);
    assert.equal(code, 2);
    assert.match(text, /exactly one of --model/);
  }
  assert.equal((await run("--shards", "a", "--run", "b"))[0], 2);
  assert.equal((await run("--model", "/none"))[0], 1);
});
