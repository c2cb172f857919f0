import assert from "node:assert/strict";
import { MappedFile } from "../../src/data/images/mapped_file.ts";
import { ScratchMap } from "../../src/data/images/scratch_map.ts";
import { nativeLibrary } from "../../src/native/library.ts";

Deno.test("ScratchMap refuses bytes outside it, sizes that cannot be, and work after its end", () => {
  const map = new ScratchMap(10);
  map.write(4, new Uint8Array(6));
  assert.throws(() => map.write(5, new Uint8Array(6)), /the range lies outside the memory/);
  assert.throws(() => map.write(2 ** 40, new Uint8Array(1)), /the range lies outside the memory/);
  assert.throws(() => new ScratchMap(0), /bytes must be 1 to 2\^40/);
  assert.throws(() => new ScratchMap(2 ** 41), /bytes must be 1 to 2\^40/);
  map[Symbol.dispose]();
  map[Symbol.dispose]();
  assert.throws(() => map.write(0, new Uint8Array(1)), /stale/);
});

Deno.test("a mapped file cannot be written through its handle", () => {
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeFileSync(path, Uint8Array.of(1, 2, 3));
    using map = new MappedFile(path);
    const { clipa_map_write } = nativeLibrary().symbols;
    assert.equal(clipa_map_write(map.handle, 0n, Uint8Array.of(9), 1n), 1);
    assert.equal(clipa_map_write(map.handle + 77n, 0n, Uint8Array.of(9), 1n), 4);
    assert.deepEqual(Deno.readFileSync(path), Uint8Array.of(1, 2, 3));
  } finally {
    Deno.removeSync(path);
  }
});
