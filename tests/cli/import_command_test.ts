import assert from "node:assert/strict";
import { parseFields } from "../../src/checkpoint/foreign/parse_fields.ts";
import { importCommand, type ImportRequest } from "../../src/cli/commands/import_weights.ts";
import { runCli } from "../../src/cli/run_cli.ts";
import { fakeEnvironment } from "./fake_environment.ts";

const report = {
  files: [{ path: "image.onnx", bytes: 12, sha256: "0".repeat(64) }],
  parity: { cosineMin: 0.9999999, maxAbs: 2e-7 },
  spec: { gelu: "tanh" },
  imageSize: 224,
  textTokens: 32,
};

function spyImport() {
  const calls: ImportRequest[] = [];
  const command = importCommand((request) => {
    calls.push(request);
    return Promise.resolve({ model: request.out, ...report });
  });
  return { calls, command };
}

Deno.test("import-weights passes its options on and prints how the model was understood", async () => {
  const { calls, command } = spyImport();
  const { environment, printed } = fakeEnvironment();
  const args = ["import-weights", "a/w.bin", "--tokenizer", "t.json", "--set", "image.pool=cls"];
  assert.equal(await runCli([command], [...args, "--set", "gelu=erf"], environment), 0);
  const [{ file, out, tokenizer, fields, imageSize, form }] = calls;
  assert.deepEqual([file, out, tokenizer], ["a/w.bin", "models/w", "t.json"]);
  assert.deepEqual([fields, imageSize, form], [
    { "image.pool": "cls", gelu: "erf" },
    224,
    undefined,
  ]);
  assert.match(printed[0], /models\/w: pictures of 224 pixels.*\n.*"gelu":"tanh"/);
  assert.equal(await runCli([command], [...args, "--json"], environment), 0);
  assert.deepEqual(JSON.parse(printed[1]), { model: "models/w", ...report });
});

Deno.test("import-weights is wrong usage when something is missing or unknown", async () => {
  const { command } = spyImport();
  const wrong = async (args: string[], why: RegExp) => {
    const { environment, warned } = fakeEnvironment();
    assert.equal(await runCli([command], ["import-weights", ...args], environment), 2);
    assert.match(warned.join(), why);
  };
  await wrong([], /the file is missing/);
  await wrong(["w.bin"], /--tokenizer is missing; weights do not tell it: bert-uncased/);
  const named = ["w.bin", "--tokenizer", "t.json"];
  await wrong([...named, "--flavour", "tf"], /--flavour: seen "tf"; allowed: jax, torch/);
  await wrong([...named, "--set", "image.pool"], /--set: seen "image\.pool"; allowed: FIELD=VALUE/);
  await wrong([...named, "--size", "big"], /--size: seen "big"/);
  await wrong([...named, "--form", "gguf"], /--form: seen "gguf"/);
});

Deno.test("parseFields names the nearest field and what a value may be", () => {
  assert.throws(
    () => parseFields({ "image.pol": "cls" }),
    /image\.pol: no such field; nearest: image\.pool/,
  );
  assert.throws(
    () => parseFields({ "image.pool": "max" }),
    /image\.pool: seen "max"; .*mean-with-cls/,
  );
  assert.throws(() => parseFields({ __proto__x: "1" }), /no such field/);
  assert.deepEqual(
    parseFields({ "text.causal": "true", "text.heads": "4", layerNormEps: "1e-6" }),
    {
      text: { causal: true, heads: 4 },
      layerNormEps: 1e-6,
    },
  );
});
