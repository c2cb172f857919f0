import assert from "node:assert/strict";

/** An op as a library registers it. */
export interface RegisteredOp {
  readonly name: string;
  /** `null` = the CPU. */
  readonly provider: string | null;
  /** ONNX element types. */
  readonly inputs: readonly { type: number; optional: boolean; memory: number }[];
  readonly outputs: readonly { type: number; optional: boolean }[];
  readonly versions: readonly [first: number, last: number];
}

/** Places in ONNX Runtime's table that a registration uses. */
const CREATE_DOMAIN = 26, ADD_OP = 27, ADD_DOMAIN = 28;
const TABLE_PLACES = 512;

/** Places of callbacks in an op. */
const Place = {
  NAME: 2,
  PROVIDER: 3,
  INPUT_TYPE: 4,
  INPUT_COUNT: 5,
  OUTPUT_TYPE: 6,
  OUTPUT_COUNT: 7,
  INPUT_CHARACTERISTIC: 10,
  OUTPUT_CHARACTERISTIC: 11,
  INPUT_MEMORY: 12,
  START_VERSION: 20,
  END_VERSION: 21,
} as const;

type Pointer = Deno.PointerValue;

const text = (pointer: Pointer) =>
  pointer === null ? null : new Deno.UnsafePointerView(pointer).getCString();

function readOp(op: NonNullable<Pointer>): RegisteredOp {
  const view = new Deno.UnsafePointerView(op);
  const callback = (place: number) => {
    const pointer = view.getPointer(8 * place);
    assert.ok(pointer !== null, `callback ${place}`);
    return pointer as Deno.PointerObject<never>;
  };
  const words = (place: number) =>
    new Deno.UnsafeFnPointer(callback(place), { parameters: ["pointer"], result: "pointer" });
  const count = (place: number) =>
    Number(
      new Deno.UnsafeFnPointer(callback(place), { parameters: ["pointer"], result: "usize" })
        .call(op),
    );
  const number = (place: number) =>
    new Deno.UnsafeFnPointer(callback(place), { parameters: ["pointer"], result: "i32" }).call(op);
  const of = (place: number, index: number) =>
    new Deno.UnsafeFnPointer(callback(place), { parameters: ["pointer", "usize"], result: "i32" })
      .call(op, BigInt(index));
  const list = <T>(length: number, item: (index: number) => T) =>
    Array.from({ length }, (_, index) => item(index));
  return {
    name: text(words(Place.NAME).call(op)) as string,
    provider: text(words(Place.PROVIDER).call(op)),
    inputs: list(count(Place.INPUT_COUNT), (i) => ({
      type: of(Place.INPUT_TYPE, i),
      optional: of(Place.INPUT_CHARACTERISTIC, i) === 1,
      memory: of(Place.INPUT_MEMORY, i),
    })),
    outputs: list(count(Place.OUTPUT_COUNT), (i) => ({
      type: of(Place.OUTPUT_TYPE, i),
      optional: of(Place.OUTPUT_CHARACTERISTIC, i) === 1,
    })),
    versions: [number(Place.START_VERSION), number(Place.END_VERSION)],
  };
}

/**
 * What a library registers, through its entry point for any ONNX Runtime: this function stands for
 * ONNX Runtime, with a table that notes what it is called with.
 */
export function registeredOps(path: string): { domain: string | null; ops: RegisteredOp[] } {
  const library = Deno.dlopen(path, {
    RegisterCustomOps: { parameters: ["pointer", "pointer"], result: "pointer" },
  });
  const ops: RegisteredOp[] = [];
  let domain: string | null = null;
  const success = null;
  const marker = new BigUint64Array([42n]);
  const someone = Deno.UnsafePointer.of(marker);
  const createDomain = new Deno.UnsafeCallback(
    { parameters: ["pointer", "pointer"], result: "pointer" },
    (name, out) => {
      domain = text(name);
      const view = new Deno.UnsafePointerView(out as NonNullable<Pointer>);
      new BigUint64Array(view.getArrayBuffer(8))[0] = BigInt(Deno.UnsafePointer.value(someone));
      return success;
    },
  );
  const addOp = new Deno.UnsafeCallback(
    { parameters: ["pointer", "pointer"], result: "pointer" },
    (_domain, op) => {
      ops.push(readOp(op as NonNullable<Pointer>));
      return success;
    },
  );
  const addDomain = new Deno.UnsafeCallback(
    { parameters: ["pointer", "pointer"], result: "pointer" },
    () => success,
  );
  const table = new BigUint64Array(TABLE_PLACES);
  const place = (at: number, { pointer }: { pointer: Pointer }) =>
    table[at] = BigInt(Deno.UnsafePointer.value(pointer));
  place(CREATE_DOMAIN, createDomain);
  place(ADD_OP, addOp);
  place(ADD_DOMAIN, addDomain);
  const getApi = new Deno.UnsafeCallback(
    { parameters: ["u32"], result: "pointer" },
    () => Deno.UnsafePointer.of(table),
  );
  const base = new BigUint64Array([BigInt(Deno.UnsafePointer.value(getApi.pointer)), 0n]);
  const status = library.symbols.RegisterCustomOps(someone, Deno.UnsafePointer.of(base));
  assert.equal(status, success);
  for (const callback of [createDomain, addOp, addDomain, getApi]) callback.close();
  return { domain, ops };
}

/** Asserts that a library has every op for the CPU and for CUDA, with one schema. */
export function assertBothProviders(path: string, names: readonly string[]): void {
  const { domain, ops } = registeredOps(path);
  assert.equal(domain, "clipa");
  const of = (provider: string | null) => ops.filter((op) => op.provider === provider);
  assert.deepEqual(of(null).map(({ name }) => name), names);
  assert.equal(ops.length, 2 * names.length);
  const schemas = (list: RegisteredOp[]) => list.map(({ provider: _, ...schema }) => schema);
  assert.deepEqual(schemas(of("CUDAExecutionProvider")), schemas(of(null)));
}
