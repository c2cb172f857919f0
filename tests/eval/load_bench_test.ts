import assert from "node:assert/strict";
import { loadBench } from "../../src/eval/load_bench.ts";

const CLASSIFICATION = {
  name: "icons-592",
  kind: "classification",
  about: "icons by held-out designers",
  split: "test",
  classes: ["cat", "dog"],
  rows: [4, 9, 2],
  labels: [0, 1, 1],
  nearCopiesDropped: 0,
};
const RETRIEVAL = {
  name: "retrieval-ph",
  kind: "retrieval",
  split: "test",
  rows: [4, 9],
  captions: { name: ["cat", "dog"], long: ["a cat", "a dog"] },
};

function load(text: string) {
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeTextFileSync(path, text);
    return { path, bench: loadBench(path) };
  } finally {
    Deno.removeSync(path);
  }
}

function refuses(change: object, expected: RegExp, base: object = CLASSIFICATION) {
  assert.throws(() => load(JSON.stringify({ ...base, ...change })), (error: Error) => {
    assert.ok(error instanceof SyntaxError, String(error));
    assert.match(error.message, expected);
    assert.match(error.message, /^\/.*; build the data set again$/);
    return true;
  });
}

Deno.test("loadBench keeps what an evaluation needs when the file has more", () => {
  const { about: _, nearCopiesDropped: __, ...expected } = CLASSIFICATION;
  assert.deepEqual(load(JSON.stringify(CLASSIFICATION)).bench, expected);
  assert.deepEqual(load(JSON.stringify(RETRIEVAL)).bench, RETRIEVAL);
  const own = { ...expected, templates: ["a photo of a {}"] };
  assert.deepEqual(load(JSON.stringify({ ...CLASSIFICATION, ...own })).bench, own);
});

Deno.test("loadBench names the field when a classification contradicts itself", () => {
  refuses({ labels: [0, 1] }, /labels: seen 2; allowed: one for each of 3 rows/);
  refuses({ labels: [0, 2, 1] }, /labels\[1\]: seen 2; allowed: a whole number from 0 to 1/);
  refuses({ rows: [4, -1, 2] }, /rows\[1\]: seen -1/);
  refuses({ rows: [] }, /rows: seen none/);
  refuses({ classes: ["cat", "cat"] }, /classes: seen a name twice/);
  refuses({ classes: ["cat", ""] }, /classes\[1\]: seen ""/);
  refuses({ kind: "detection" }, /kind: seen "detection"; allowed: "classification" or/);
  refuses({ name: 5 }, /name: seen 5/);
  refuses({ templates: "a {}" }, /templates: seen "a \{\}"; allowed: a list of texts/);
});

Deno.test("loadBench names the list when a retrieval contradicts itself", () => {
  refuses(
    { captions: { name: ["cat"] } },
    /captions.name: seen 1; allowed: one for each/,
    RETRIEVAL,
  );
  refuses({ captions: {} }, /captions: seen no list/, RETRIEVAL);
  refuses({ captions: undefined }, /captions: seen undefined/, RETRIEVAL);
});

Deno.test("loadBench names the file when the JSON is cut short", () => {
  assert.throws(
    () => load(JSON.stringify(CLASSIFICATION).slice(0, 60)),
    /^SyntaxError: \/.*; build the data set again$/,
  );
  assert.throws(() => load("[]"), /allowed: an object/);
  assert.throws(() => loadBench("/nowhere/bench.json"), Deno.errors.NotFound);
});
