import assert from "node:assert/strict";
import { readClassNames, readTemplates } from "../../src/eval/read_text_list.ts";

function withFile(content: string, body: (path: string) => void): void {
  const path = Deno.makeTempFileSync({ suffix: ".json" });
  try {
    Deno.writeTextFileSync(path, content);
    body(path);
  } finally {
    Deno.removeSync(path);
  }
}

Deno.test("readClassNames gives the names in index order when the file is a list", () => {
  withFile('["cat", "dog", "CAT"]', (path) => {
    assert.deepEqual(readClassNames(path), ["cat", "dog", "CAT"]);
  });
});

Deno.test("readClassNames says file and fault when the file is no list of different names", () => {
  const wrong: [string, RegExp][] = [
    ["[]", /seen an empty list/],
    ['["cat", "dog", "cat"]', /class 2: "cat" is class 0 too; allowed: each name once/],
    ['{"0": "cat"}', /seen object/],
    ["null", /seen null/],
    ['["cat", 7]', /seen 7 at place 1/],
    ['["cat", " "]', /seen " " at place 1/],
    ["cat\ndog", /seen no JSON/],
  ];
  for (const [content, message] of wrong) {
    withFile(content, (path) => {
      assert.throws(() => readClassNames(path), (error: Error) => {
        assert.ok(error instanceof SyntaxError && error.message.startsWith(path));
        assert.match(error.message, message);
        return true;
      });
    });
  }
  assert.throws(() => readClassNames("no-such-file.json"), Deno.errors.NotFound);
});

Deno.test("readTemplates names the template when it has not exactly one place for the name", () => {
  withFile('["a {}", "an icon of a {}"]', (path) => assert.equal(readTemplates(path).length, 2));
  for (const bad of ["a photo", "{} and {}"]) {
    withFile(JSON.stringify(["a {}", bad]), (path) => {
      assert.throws(() => readTemplates(path), {
        name: "RangeError",
        message: new RegExp(`${path}: template "${bad}": seen .* allowed: exactly one`),
      });
    });
  }
  withFile("[]", (path) => assert.throws(() => readTemplates(path), /an empty list/));
});
