import assert from "node:assert/strict";
import { loadRecipe } from "../../src/config/load_recipe.ts";
import { parseRecipe } from "../../src/config/parse_recipe.ts";
import { inFolder } from "../trust/row.ts";
import { tinyRecipe } from "./tiny_recipe.ts";

/** What is said of a file, and the milliseconds that this thread computed. */
function refused(dir: string, text: string): { said: string; ms: number } {
  Deno.writeTextFileSync(`${dir}/recipe.yaml`, text);
  const start = performance.now();
  try {
    loadRecipe(`${dir}/recipe.yaml`);
  } catch (error) {
    return { said: (error as Error).message, ms: performance.now() - start };
  }
  throw new Error("it was accepted");
}

Deno.test("a recipe whose aliases unfold without end is refused at once, wherever they stand", () =>
  inFolder((dir) => {
    let maps = "l0: &a0 {p: 1, q: 2}\n", lists = "l0: &a0 [1, 2]\n";
    for (let i = 1; i <= 40; i++) {
      maps += `l${i}: &a${i} {p: *a${i - 1}, q: *a${i - 1}}\n`;
      lists += `l${i}: &a${i} [*a${i - 1}, *a${i - 1}]\n`;
    }
    for (
      const text of [`${maps}optimizer: *a40\n`, `${lists}name: *a40\n`, `${lists}stages: *a40\n`]
    ) {
      assert.match(
        refused(dir, text).said,
        /unfolds to more than 100000 values; use fewer aliases/,
      );
    }
    assert.match(refused(dir, "name: &a [*a]\n").said, /more than 100 levels|unidentified alias/);
    assert.match(refused(dir, `name: ${"[".repeat(400)}${"]".repeat(400)}`).said, /levels|YAML/);
    return Promise.resolve();
  }));

Deno.test("a file full of keys that no recipe has gets a short answer in a short time", () =>
  inFolder((dir) => {
    const keys = Array.from({ length: 60_000 }, (_, i) => `key${i}: 1`).join("\n");
    const many = refused(dir, keys);
    assert.match(many.said, /has 41 problems:\n.*\n.*/);
    assert.match(many.said, /and more: this is another kind of file$/);
    assert.ok(many.said.length < 20_000, `${many.said.length} characters`);
    const long = refused(dir, `${"9".repeat(100_000)}: 1`);
    assert.match(long.said, /unknown key 9{1000}/);
    // Minutes, when each key is compared with each known one, letter by letter.
    assert.ok(many.ms + long.ms < 10_000, `${many.ms} and ${long.ms} ms`);
    return Promise.resolve();
  }));

Deno.test("an unknown key still names the nearest one here and elsewhere", () => {
  const refusal = (change: (raw: ReturnType<typeof tinyRecipe>) => void) => {
    const raw = tinyRecipe();
    change(raw);
    try {
      parseRecipe(raw, "x");
    } catch (error) {
      return (error as Error).message;
    }
    return "";
  };
  assert.match(
    refusal((raw) => raw.clipNorm = 1),
    /nearest: optimizer\.clipNorm; allowed here: name/,
  );
  assert.match(
    refusal((raw) => raw.clipNrm = 1),
    /nearest: optimizer\.clipNorm; allowed here: name/,
  );
  assert.match(
    refusal((raw) => raw.data.limt = 1),
    /unknown key data\.limt; nearest: data\.limit$/,
  );
});
