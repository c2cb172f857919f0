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
    import zod from "zod";
    import type { B } from "./shapes.ts";
    import { C } from "./values.ts";`;
  const targets = importsOf("src/data/a.ts", source).map(({ to, typeOnly }) => [to, typeOnly]);
  assert.deepEqual(targets, [
    ["src/run/x.ts", false],
    ["src/data/worker.ts", false],
    ["src/data/types.ts", false],
    ["src/data/shapes.ts", true],
    ["src/data/values.ts", false],
  ]);
});

Deno.test("findCycle returns the closed path when files import each other", () => {
  const edge = (from: string, to: string, typeOnly = false) => ({ from, to, typeOnly });
  const open = [edge("src/a.ts", "src/b.ts"), edge("src/b.ts", "src/c.ts")];
  const closed = [...open, edge("src/c.ts", "src/b.ts")];
  assert.deepEqual(findCycle(closed), ["src/b.ts", "src/c.ts", "src/b.ts"]);
  assert.equal(findCycle([...open, edge("src/c.ts", "src/b.ts", true)]), undefined);
});
