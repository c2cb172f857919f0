import assert from "node:assert/strict";
import { DistOpKind, Exchange } from "../../src/native/dist_symbols.ts";
import { Flag, OpKind, Pool, Skip, StepSlot } from "../../src/native/op_kinds.ts";
import { OP_BYTES } from "../../src/native/op_record.ts";
import { ABI_VERSION } from "../../src/native/library.ts";
import { symbols } from "../../src/native/symbols.ts";

const folder = new URL("../../kernels/include/", import.meta.url);
const header = ["clipa.h", "clipa_image.h", "clipa_search.h", "clipa_ort.h", "clipa_dist.h"]
  .map((name) => Deno.readTextFileSync(new URL(name, folder)))
  .join("\n")
  .replace(/\/\*[\s\S]*?\*\//g, "");

const FFI_TYPES: Readonly<Record<string, string>> = {
  uint64_t: "u64",
  int64_t: "i64",
  uint32_t: "u32",
  int32_t: "i32",
  float: "f32",
  double: "f64",
};

/** Functions of the header as name → FFI parameter types. */
function declared(): Map<string, string[]> {
  const functions = new Map<string, string[]>();
  for (const [, name, list] of header.matchAll(/^int32_t (clipa_\w+)\(([^;]*)\);/gm)) {
    const parameters = list.split(",").map((parameter) => {
      const text = parameter.trim();
      if (text.includes("*")) return "buffer";
      const type = text.replace(/\s+\w+$/, "");
      return FFI_TYPES[type] ?? `unknown type ${type}`;
    });
    functions.set(name, ["", "void"].includes(text(list)) ? [] : parameters);
  }
  return functions;
}

function text(list: string): string {
  return list.trim();
}

/** Constants of an enum without its prefix. */
function enumeration(prefix: string, name: string): Record<string, number> {
  const body = header.match(new RegExp(`enum ${name} \\{([\\s\\S]*?)\\}`))?.[1] ?? "";
  const entries = [...body.matchAll(new RegExp(`${prefix}(\\w+)\\s*=\\s*(\\d+)`, "g"))];
  return Object.fromEntries(entries.map(([, key, value]) => [key, Number(value)]));
}

Deno.test("symbols equal the functions of the header", () => {
  const functions = declared();
  assert.ok(functions.size >= 16, "the header was parsed");
  assert.deepEqual(Object.keys(symbols).sort(), [...functions.keys()].sort());
  for (const [name, parameters] of functions) {
    const symbol = symbols[name as keyof typeof symbols];
    assert.deepEqual([...symbol.parameters], parameters, name);
    assert.equal(symbol.result, "i32", name);
  }
});

Deno.test("symbols keeps JavaScript memory out of nonblocking calls of the trainer", () => {
  assert.deepEqual([...symbols.clipa_program_run.parameters], ["u64"]);
  assert.equal(symbols.clipa_program_run.nonblocking, true);
});

Deno.test("symbols keeps JavaScript memory out of every nonblocking call", () => {
  const nonblocking = Object.entries(symbols).filter(([, symbol]) => "nonblocking" in symbol);
  assert.ok(nonblocking.length >= 4);
  for (const [name, symbol] of nonblocking) {
    assert.ok(!(symbol.parameters as readonly string[]).includes("buffer"), name);
  }
});

Deno.test("op kinds, flags, poolings and step slots equal the header", () => {
  assert.deepEqual(enumeration("CLIPA_OP_", "clipa_op_kind"), { ...OpKind });
  assert.deepEqual(enumeration("CLIPA_FLAG_", "clipa_flag"), { ...Flag });
  assert.deepEqual(enumeration("CLIPA_POOL_", "clipa_pool"), { ...Pool });
  assert.deepEqual(enumeration("CLIPA_DIST_OP_", "clipa_dist_op_kind"), { ...DistOpKind });
  assert.deepEqual(enumeration("CLIPA_DIST_", "clipa_dist_exchange"), { ...Exchange });
  assert.deepEqual(enumeration("CLIPA_STEP_", "clipa_step_slot"), { ...StepSlot });
  assert.deepEqual(enumeration("CLIPA_SKIP_", "clipa_skip"), { ...Skip });
});

Deno.test("ABI version and op size equal the header", () => {
  assert.match(header, new RegExp(`#define CLIPA_ABI_VERSION ${ABI_VERSION}\\b`));
  const limit = (name: string) => Number(header.match(new RegExp(`#define ${name} (\\d+)`))?.[1]);
  const bytes = 8 + 8 * limit("CLIPA_MAX_DIMS") + 4 * limit("CLIPA_MAX_SCALARS") +
    24 * limit("CLIPA_MAX_OPERANDS");
  assert.equal(OP_BYTES, bytes);
});
