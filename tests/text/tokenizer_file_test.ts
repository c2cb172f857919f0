import assert from "node:assert/strict";
import { loadTokenizer, saveTokenizer } from "../../src/text/tokenizer_file.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { trainBpe } from "../../src/text/train_bpe.ts";
import { CAPTIONS } from "./sample_captions.ts";

const bpe = trainBpe(CAPTIONS);

/** Run with a saved tokenizer in a folder of its own. */
function withFile(flavour: "jax" | "torch", use: (path: string, tokenizer: Tokenizer) => void) {
  const folder = Deno.makeTempDirSync();
  try {
    const tokenizer = new Tokenizer(bpe, flavour);
    saveTokenizer(`${folder}/tokenizer.json`, tokenizer);
    use(`${folder}/tokenizer.json`, tokenizer);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Change the text of a file and expect loading to fail. */
function damaged(change: (text: string) => string, expected: RegExp) {
  withFile("jax", (path) => {
    Deno.writeTextFileSync(path, change(Deno.readTextFileSync(path)));
    assert.throws(() => loadTokenizer(path), (error: Error) => {
      assert.ok(error instanceof SyntaxError);
      assert.ok(error.message.startsWith(path), error.message);
      assert.match(error.message, expected);
      return true;
    });
  });
}

for (const flavour of ["jax", "torch"] as const) {
  Deno.test(`loadTokenizer gives the same ids and rules when a ${flavour} one was saved`, () => {
    withFile(flavour, (path, tokenizer) => {
      const loaded = loadTokenizer(path);
      assert.deepEqual(loaded.rules, tokenizer.rules);
      for (const caption of [...CAPTIONS, "日本 😀"]) {
        assert.deepEqual(loaded.encodeIds(caption), tokenizer.encodeIds(caption));
      }
    });
  });
}

Deno.test("saveTokenizer writes the same bytes and no other file when it is called again", () => {
  withFile("torch", (path, tokenizer) => {
    const first = Deno.readTextFileSync(path);
    saveTokenizer(path, tokenizer);
    assert.equal(Deno.readTextFileSync(path), first);
    assert.equal([...Deno.readDirSync(path.replace(/\/[^/]*$/, ""))].length, 1);
  });
});

Deno.test("saveTokenizer leaves nothing behind when the place cannot be written", () => {
  withFile("jax", (path, tokenizer) => {
    const folder = path.replace(/\/[^/]*$/, "");
    Deno.mkdirSync(`${folder}/taken`);
    Deno.writeTextFileSync(`${folder}/taken/x`, "");
    assert.throws(() => saveTokenizer(`${folder}/taken`, tokenizer));
    assert.deepEqual([...Deno.readDirSync(folder)].map((entry) => entry.name).sort(), [
      "taken",
      "tokenizer.json",
    ]);
    assert.throws(() => saveTokenizer(`${folder}/none/t.json`, tokenizer), Deno.errors.NotFound);
  });
});

Deno.test("loadTokenizer says that the file is damaged when a merge was changed", () => {
  damaged((text) => text.replace('"merges":[[', '"merges":[[1'), /sha256: seen .*damaged/);
});

Deno.test("loadTokenizer names the place when the file is cut short", () => {
  damaged((text) => text.slice(0, text.length / 2), /export the model again/);
  damaged(() => "", /export the model again/);
  damaged(() => "null", /format: seen undefined/);
});

Deno.test("loadTokenizer states what it reads when format or version differ", () => {
  damaged((text) => text.replace("clipa-kit/tokenizer", "other"), /format: seen "other"; allowed/);
  damaged((text) => text.replace('"version":1', '"version":3'), /version: seen 3; allowed: 1, 2/);
});
