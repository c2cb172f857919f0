import assert from "node:assert/strict";
import { backEdges, findCycle, importsOf } from "./import_graph.ts";
import { ROOT, sourceFiles } from "./source_files.ts";

const edges = sourceFiles([".ts"], "src/")
  .flatMap((path) => importsOf(path, Deno.readTextFileSync(`${ROOT}/${path}`)));

Deno.test("src/ has no import from a later room when the real graph is walked", () => {
  assert.ok(edges.length > 10, `only ${edges.length} imports were found`);
  assert.deepEqual(backEdges(edges), []);
});

Deno.test("src/ has no import cycle between files when the real graph is walked", () => {
  assert.equal(findCycle(edges), undefined);
});

Deno.test("backEdges names both files when a room imports a later one", () => {
  const forward = importsOf("src/train/a.ts", 'import { b } from "../model/b.ts";');
  const back = importsOf("src/model/b.ts", 'export * from "../train/a.ts";');
  assert.deepEqual(backEdges(forward), []);
  assert.deepEqual(backEdges(back), ["src/model/b.ts imports src/train/a.ts: a later room"]);
});

Deno.test("backEdges reports a folder that is not a room when one appears", () => {
  const edge = importsOf("src/helpers/a.ts", 'import "../model/b.ts";');
  assert.equal(backEdges(edge).length, 1);
});

Deno.test("importsOf sees dynamic imports and worker files but no comments when it reads", () => {
  const source = `
    const m = await import("../run/x.ts");
    new Worker(new URL("./worker.ts", import.meta.url));
    // import { y } from "../run/y.ts";
    /** import { z } from "../run/z.ts"; */
    import { type A } from "./types.ts";
    import zod from "zod";`;
  const targets = importsOf("src/data/a.ts", source).map((edge) => edge.to);
  assert.deepEqual(targets, ["src/run/x.ts", "src/data/worker.ts", "src/data/types.ts"]);
});

Deno.test("findCycle returns the closed path when files import each other", () => {
  const cycle = findCycle([
    { from: "src/a.ts", to: "src/b.ts" },
    { from: "src/b.ts", to: "src/c.ts" },
    { from: "src/c.ts", to: "src/b.ts" },
  ]);
  assert.deepEqual(cycle, ["src/b.ts", "src/c.ts", "src/b.ts"]);
});
