import assert from "node:assert/strict";
import { openNpzWeights } from "../../../src/checkpoint/foreign/npz_file.ts";
import { openWeights } from "../../../src/checkpoint/foreign/open_weights.ts";
import { readPickle } from "../../../src/checkpoint/foreign/pickle.ts";
import { readAll } from "../../../src/checkpoint/foreign/weight_file.ts";
import { dict, op, pickle, tensor } from "./make_pickle.ts";
import { concat, makeZip, type Member } from "./make_zip.ts";

const bytes = (value: string) => new TextEncoder().encode(value);
/** Bytes given as characters below U+0100. */
const raw = (value: string) => Uint8Array.from(value, (char) => char.charCodeAt(0));
const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

function withFile(name: string, data: Uint8Array, body: (path: string) => void) {
  const dir = Deno.makeTempDirSync();
  try {
    Deno.writeFileSync(`${dir}/${name}`, data);
    body(`${dir}/${name}`);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

function refuse(name: string, data: Uint8Array, why: RegExp) {
  withFile(name, data, (path) => {
    assert.throws(() => {
      using file = openWeights(path);
      for (const one of file.tensors.values()) readAll(one);
    }, (error) => error instanceof SyntaxError && why.test(error.message) || reveal(error, why));
  });
}

function reveal(error: unknown, why: RegExp): never {
  throw new Error(`${error} is not ${why}`);
}

const torch = (data: Uint8Array, ...members: Member[]) =>
  makeZip([{ name: "x/data.pkl", data }, ...members]);
const storage = (...values: number[]): Member => ({ name: "x/data/0", data: floats(...values) });
const weights = (value: Uint8Array, ...members: Member[]) =>
  torch(pickle(dict({ w: value })), ...members);

Deno.test("readPickle refuses every opcode that is not on its list, and runs none", () => {
  // Values that make any opcode with operands find some.
  const prefix = concat([op.proto, op.emptyDict, op.emptyDict, op.emptyDict, op.mark]);
  const allowed = new Set(
    [..."(NJKMGX)]}taesuqrhjcQRb."].map((char) => char.charCodeAt(0)),
  );
  for (const code of [0x80, 0x95, 0x88, 0x89, 0x8a, 0x8c, 0x85, 0x86, 0x87, 0x94, 0x93]) {
    allowed.add(code);
  }
  let refused = 0;
  for (let code = 0; code < 256; code++) {
    if (allowed.has(code)) continue;
    assert.throws(
      () => readPickle(concat([prefix, Uint8Array.of(code), op.stop]), "x"),
      /opcode .* nothing was executed/,
      `0x${code.toString(16)}`,
    );
    refused++;
  }
  assert.equal(refused, 256 - allowed.size);
});

Deno.test("readPickle refuses calls of anything that is no description of a tensor", () => {
  const call = (module: string, name: string) =>
    pickle(
      concat([op.global(module, name), op.mark, op.text("touch owned"), op.tuple, op.reduce]),
    );
  for (
    const [module, name] of [
      ["os", "system"],
      ["posix", "system"],
      ["builtins", "eval"],
      ["builtins", "getattr"],
      ["torch", "load"],
      ["torch._utils", "_rebuild_wrapper_subclass"],
      ["torch.FloatStorage", "__reduce__"],
      ["numpy.core.multiarray", "_reconstruct"],
      ["collections", "OrderedDict.__init__"],
    ]
  ) {
    assert.throws(() => readPickle(call(module, name), "x"), /the name .*nothing was executed/);
  }
  // By way of STACK_GLOBAL too.
  const stacked = pickle(concat([op.text("os"), op.text("system"), Uint8Array.of(0x93)]));
  assert.throws(() => readPickle(stacked, "x"), /the name "os\.system"/);
  // A storage type is a name, not a function; so is text.
  assert.throws(
    () => readPickle(call("torch", "FloatStorage"), "x"),
    /a call of something that is no description/,
  );
  const textual = pickle(concat([op.text("os.system"), op.emptyTuple, op.reduce]));
  assert.throws(() => readPickle(textual, "x"), /a call of something/);
});

Deno.test("readPickle stays small on bombs and refuses unsound pickles", () => {
  // Every level holds the one before twice: 2^200 values when walked, 200 when shared.
  const levels = concat([op.emptyTuple, ...Array(200).fill(raw("q\0h\0\x86"))]);
  assert.ok(Array.isArray(readPickle(pickle(levels), "x")));
  withFile(
    "a.bin",
    torch(pickle(levels)),
    (path) => assert.throws(() => openWeights(path), /seen no dictionary/),
  );
  const endless = new Uint8Array(16 * 2 ** 20).fill(0x29);
  assert.throws(() => readPickle(endless, "x"), /more than 1000000 instructions/);
  assert.throws(() => readPickle(new Uint8Array(2 ** 24 + 1), "x"), /16777217 bytes; allowed/);
  const huge = concat([op.proto, raw("X"), Uint8Array.of(255, 255, 255, 255), raw("ab")]);
  assert.throws(() => readPickle(huge, "x"), /ends in the middle/);
  assert.throws(() => readPickle(pickle(raw("h\x07")), "x"), /a reference to nothing, 7/);
  assert.throws(() => readPickle(pickle(raw("t")), "x"), /no mark/);
  assert.throws(() => readPickle(pickle(raw("u")), "x"), /no mark/);
  assert.throws(() => readPickle(pickle(raw("\x86")), "x"), /too few values/);
  assert.throws(() => readPickle(pickle(raw(")(u")), "x"), /no dictionary/);
  assert.throws(() => readPickle(pickle(raw("})a")), "x"), /no list/);
  assert.throws(() => readPickle(pickle(raw("}Q")), "x"), /not described by a tuple/);
  assert.throws(() => readPickle(pickle(raw("})Ns")), "x"), /dictionary key/);
  assert.throws(() => readPickle(pickle(raw("]}b")), "x"), /no dictionary/);
  assert.throws(() => readPickle(Uint8Array.of(0x80, 6, 0x4e, 0x2e), "x"), /protocol 6/);
  assert.throws(() => readPickle(raw("NN."), "x"), /2 values left/);
  const long = Uint8Array.of(0x8a, 9, ...Array(9).fill(1));
  assert.throws(() => readPickle(pickle(long), "x"), /a number of 9 bytes/);
});

Deno.test("openWeights refuses PyTorch files whose tensors do not fit their storages", () => {
  refuse("a.bin", weights(tensor("0", 4, [2, 3], [3, 1]), storage(1, 2, 3, 4)), /reaches beyond/);
  refuse("a.bin", weights(tensor("0", 4, [4], [1], { offset: 1 }), storage(1, 2, 3, 4)), /reaches/);
  // A stride of 0 turns one number into a thousand million.
  refuse("a.bin", weights(tensor("0", 1, [2 ** 30], [0]), storage(1)), /reaches beyond/);
  refuse("a.bin", weights(tensor("0", 5, [5], [1]), storage(1, 2, 3, 4)), /16 bytes .* for 5/);
  refuse("a.bin", weights(tensor("1", 1, [1], [1]), storage(1)), /no member x\/data\/1/);
  refuse("a.bin", weights(tensor("../../0", 1, [1], [1]), storage(1)), /no member/);
  refuse("a.bin", weights(tensor("0", 1, [-1], [1]), storage(1)), /odd shape/);
  refuse("a.bin", weights(tensor("0", 1, [1], [1, 1]), storage(1)), /with strides/);
  const quantized = tensor("0", 1, [1], [1], { storage: "QInt8Storage" });
  refuse("a.bin", weights(quantized, storage(1)), /numbers of torch\.QInt8Storage/);
  const whole = tensor("0", 1, [1], [1], { storage: "LongStorage" });
  refuse("a.bin", weights(whole, { name: "x/data/0", data: new Uint8Array(8) }), /numbers of I64/);
  refuse("a.bin", torch(pickle(dict({ epoch: op.int(3) }))), /seen epoch; allowed: tensors/);
  refuse("a.bin", makeZip([{ name: "x/version", data: bytes("3") }]), /no data\.pkl/);
  const one = weights(tensor("0", 1, [1], [1]), storage(1));
  refuse("a.bin", one.subarray(0, one.length - 3), /no directory/);
  const program = { name: "x/code/__torch__.py", data: bytes("import os") };
  refuse("a.bin", weights(tensor("0", 1, [1], [1]), storage(1), program), /TorchScript/);
  const big = { name: "x/byteorder", data: bytes("big") };
  refuse("a.bin", weights(tensor("0", 1, [1], [1]), storage(1), big), /big-endian/);
  refuse("a.bin", concat([op.proto, bytes("}.")]), /bare pickle/);
  refuse("a.bin", new Uint8Array(0), /empty/);
});

Deno.test("openWeights refuses archives with lies, bombs and names that lead elsewhere", () => {
  const good = weights(tensor("0", 1, [1], [1]), storage(1));
  withFile("a.bin", good, (path) => {
    using file = openWeights(path);
    assert.deepEqual([...readAll(file.tensors.get("w")!)], [1]);
  });
  const extra = (member: Member) => weights(tensor("0", 1, [1], [1]), storage(1), member);
  const data = bytes("abc");
  for (const name of ["../etc/passwd", "/etc/passwd", "x/../../y", "x\\y", "C:/y", "x\0y", ""]) {
    refuse("a.bin", extra({ name, data }), /leads elsewhere/);
  }
  refuse("a.bin", extra({ name: "x/data/0", data }), /stands twice/);
  refuse("a.bin", extra({ name: "x/z", data, overlap: true }), /overlaps|no header/);
  refuse(
    "a.bin",
    extra({ name: "x/z", data, lie: { bytes: 2 ** 31, packedBytes: 2 ** 31 } }),
    /outside/,
  );
  refuse("a.bin", extra({ name: "x/z", data, lie: { method: 12 } }), /method 12/);
  refuse("a.bin", extra({ name: "x/z", data, lie: { flags: 1 } }), /encrypted/);
  refuse("a.bin", extra({ name: "x/z", data, lie: { bytes: 9 } }), /3 of 9 bytes/);
  // A pickle of 64 MB of nothing in 64 kB.
  const zeros = new Uint8Array(64 * 2 ** 20);
  refuse(
    "a.bin",
    makeZip([{ name: "x/data.pkl", data: zeros, packed: true }]),
    /allowed: 16777216/,
  );
  const lying: Member = { name: "x/data.pkl", data: zeros, packed: true, lie: { bytes: 100 } };
  refuse("a.bin", makeZip([lying]), /does not unpack to its 100 bytes/);
});

/** A numpy array of version 1. */
function npy(descr: string, shape: string, data: Uint8Array, fortran = "False"): Uint8Array {
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;
  const padded = bytes(text.padEnd(117) + "\n");
  return concat([
    Uint8Array.of(0x93, ...bytes("NUMPY"), 1, 0, padded.length, 0),
    padded,
    data,
  ]);
}

Deno.test("openWeights reads numpy's arrays in both orders, packed or not, and bfloat16 as raw bytes", () => {
  const values = floats(1, 2, 3, 4, 5, 6);
  const archive = makeZip([
    { name: "a.npy", data: npy("<f4", "(2, 3)", values) },
    { name: "b.npy", data: npy("<f4", "(2, 3)", values, "True"), packed: true },
    { name: "c.npy", data: npy("|V2", "(2,)", Uint8Array.of(0x80, 0x3f, 0x20, 0xc0)) },
    { name: "d.npy", data: npy("<f8", "()", new Uint8Array(Float64Array.of(0.1).buffer)) },
    { name: "e.npy", data: npy("<f2", "(1,)", Uint8Array.of(0x00, 0x3e)) },
  ]);
  withFile("w.npz", archive, (path) => {
    using file = openWeights(path);
    const all = Object.fromEntries(
      [...file.tensors].map(([name, one]) => [name, [one.shape, [...readAll(one)]]]),
    );
    assert.deepEqual(all, {
      a: [[2, 3], [1, 2, 3, 4, 5, 6]],
      b: [[2, 3], [1, 3, 5, 2, 4, 6]],
      c: [[2], [1, -2.5]],
      d: [[], [Math.fround(0.1)]],
      e: [[1], [1.5]],
    });
    const part = new Float32Array(2);
    file.tensors.get("b")!.read(1, part);
    assert.deepEqual([...part], [3, 5]);
  });
});

Deno.test("openWeights refuses arrays of objects and arrays whose length lies", () => {
  const one = (data: Uint8Array, packed = false) => makeZip([{ name: "a.npy", data, packed }]);
  const object = npy("|O", "(1,)", pickle(op.global("os", "system")));
  refuse("w.npz", one(object), /Python objects, which are never read/);
  refuse(
    "w.npz",
    one(npy("<f4", "(1000000000, 1000000)", floats(1))),
    /seen \d+ bytes; \[1000000000/,
  );
  refuse("w.npz", one(npy("<f4", "(2,)", floats(1))), /has 136/);
  refuse("w.npz", one(npy("<c8", "(1,)", floats(1, 1))), /seen type "<c8"/);
  refuse("w.npz", one(npy(">f4", "(1,)", floats(1))), /seen type ">f4"/);
  refuse("w.npz", one(npy("<f4", "(__import__('os'),)", floats(1))), /no plain array/);
  refuse("w.npz", one(npy("<i4", "(1,)", floats(1))), /numbers of I32/);
  refuse("w.npz", one(bytes("no array at all")), /no numpy header/);
  refuse("w.npz", makeZip([{ name: "a.pkl", data: pickle(op.no) }]), /allowed: arrays/);
  // The directory promises a small array, the packed bytes hold a large one.
  const bomb = npy("<f4", "(1,)", new Uint8Array(32 * 2 ** 20));
  const lie: Member = { name: "a.npy", data: bomb, packed: true, lie: { bytes: 132 } };
  refuse("w.npz", makeZip([lie]), /does not unpack to its 132 bytes/);
  withFile("w.npz", makeZip([lie]), (path) => {
    using file = openNpzWeights(path);
    assert.deepEqual(file.tensors.get("a")!.shape, [1]);
  });
});

Deno.test("openWeights refuses safetensors that name a tensor twice or hold other numbers", () => {
  const file = (header: string, data: number) => {
    const json = bytes(header);
    const length = new Uint8Array(new BigUint64Array([BigInt(json.length)]).buffer);
    return concat([length, json, new Uint8Array(data)]);
  };
  const entry = (dtype: string, to: number) =>
    `{"dtype":"${dtype}","shape":[1],"data_offsets":[0,${to}]}`;
  refuse("a", file(`{"w":${entry("F32", 4)},"w":${entry("F32", 4)}}`, 4), /"w" stands twice/);
  refuse("a", file(`{"w":${entry("F32", 4)},"\\u0077":${entry("F32", 4)}}`, 4), /stands twice/);
  refuse("a", file(`{"w":${entry("I64", 8)}}`, 8), /seen numbers of I64; allowed: F64/);
  refuse("a", file(`{"w":${entry("F4", 8)}}`, 8), /no known number type/);
  refuse("a", file("[".repeat(10_000), 0), /nested deeper/);
  refuse("a", file("{", 0), /not JSON/);
  refuse("a", file(`{"w":${entry("F32", 4)}}`, 5), /header needs/);
  const endless = new Uint8Array(new BigUint64Array([2n ** 63n]).buffer);
  refuse("a", concat([endless, bytes("{}")]), /a header of 9223372036854776000 bytes/);
});
