import assert from "node:assert/strict";

interface OrtTable {
  readonly functions: Readonly<Record<string, number>>;
  readonly customOp: Readonly<Record<string, number>>;
  readonly customOpBytes: number;
}

// From the official header; goldens/make_ort_table.sh says how.
const golden: OrtTable = JSON.parse(
  Deno.readTextFileSync(new URL("goldens/ort_table.json", import.meta.url)),
);
const declarations = Deno.readTextFileSync(
  new URL("../../kernels/src/ort/ort_api.h", import.meta.url),
);

Deno.test("ort_api.h has the places of the official header", () => {
  const places = Object.fromEntries(
    [...declarations.matchAll(/^\s*F\((\w+), (\d+),/gm)].map(([, name, place]) => [
      name,
      Number(place),
    ]),
  );
  assert.ok(Object.keys(places).length > 50, "the declarations were parsed");
  assert.deepEqual(places, golden.functions);
});

Deno.test("OrtCustomOp has the callbacks of the official header in their order", () => {
  const body = declarations.match(/struct OrtCustomOp \{([\s\S]*?)\n\};/)?.[1] ?? "";
  const callbacks = [...body.matchAll(/\(\*(\w+)\)\(/g)].map(([, name]) => name);
  // The first word is the version; every callback is one pointer.
  assert.deepEqual(Object.fromEntries(callbacks.map((name, i) => [name, i + 1])), golden.customOp);
  assert.equal(8 * (callbacks.length + 1), golden.customOpBytes);
});
