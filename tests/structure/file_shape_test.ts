import assert from "node:assert/strict";
import { ROOT, sourceFiles } from "./source_files.ts";

/** Longer files hold more than one idea; kernels may be longer, a tile loop has no good seam. */
const LIMITS: [endings: string[], lines: number][] = [
  [[".ts"], 400],
  [[".c", ".cc", ".h", ".hpp", ".cu", ".cuh"], 500],
];

function tooLong(lengths: [path: string, lines: number][], limit: number): string[] {
  return lengths.filter(([, lines]) => lines > limit)
    .map(([path, lines]) => `${path} has ${lines} lines, at most ${limit} are allowed`);
}

function countLines(path: string): number {
  return Deno.readTextFileSync(`${ROOT}/${path}`).trimEnd().split("\n").length;
}

for (const [endings, limit] of LIMITS) {
  Deno.test(`source files (${endings.join(" ")}) stay within ${limit} lines when counted`, () => {
    const lengths = sourceFiles(endings).map((path) =>
      [path, countLines(path)] as [string, number]
    );
    assert.ok(lengths.length > 0, "no file was found");
    assert.deepEqual(tooLong(lengths, limit), []);
  });
}

Deno.test("tooLong names file, length and limit when a file is longer", () => {
  assert.deepEqual(tooLong([["a.ts", 401], ["b.ts", 400]], 400), [
    "a.ts has 401 lines, at most 400 are allowed",
  ]);
});

Deno.test("source file names are snake case when listed", () => {
  const odd = sourceFiles([".ts"], "src/")
    .map((path) => path.split("/").at(-1) as string)
    .filter((name) => !/^[a-z0-9]+(?:_[a-z0-9]+)*\.ts$/.test(name));
  assert.deepEqual(odd, []);
});
