import assert from "node:assert/strict";
import { symbols } from "../../src/native/symbols.ts";

const LIBRARY = decodeURIComponent(
  new URL("../../build/cuda/libclipa_cuda.so", import.meta.url).pathname,
);

function cString(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
}

// No GPU is needed: the library is opened and its functions are bound, none of them is called but
// ncclGetVersion.
Deno.test("libclipa_cuda opens the pinned NCCL and finds all that it uses of it", () => {
  const library = Deno.dlopen(LIBRARY, symbols);
  const { clipa_dist_load, clipa_error_message } = library.symbols;
  const load = (path: string) => {
    const status = clipa_dist_load(new TextEncoder().encode(`${path}\0`));
    const text = new Uint8Array(2048);
    clipa_error_message(0n, text, 2048n);
    return status === 0 ? "" : cString(text);
  };
  assert.match(load("/nowhere/libnccl.so.2"), /NCCL cannot be opened .* deno task build:cuda/);
  assert.equal(load(""), "");
  assert.match(load("/nowhere/libnccl.so.2"), /NCCL is loaded from "" already/);
  library.close();
});

Deno.test("libclipa_cuda says that the ranks have not met when they are opened", async () => {
  const library = Deno.dlopen(LIBRARY, symbols);
  const native = library.symbols;
  const word = new TextEncoder();
  assert.notEqual(native.clipa_dist_meet(word.encode("x\0"), word.encode("h\0"), 0, 2, 0), 0);
  const text = new Uint8Array(2048);
  native.clipa_error_message(0n, text, 2048n);
  assert.match(cString(text), /the identity of the ranks is not one that rank 0 made/);
  assert.notEqual(await native.clipa_dist_open(1000, 1000), 0);
  library.close();
});
