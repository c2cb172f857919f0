import { NativeContext } from "../../src/native/context.ts";
import { Flag, OpKind } from "../../src/native/op_kinds.ts";
import type { OpRecord } from "../../src/native/op_record.ts";
import { hashedFloats } from "../goldens/hashed.ts";

/** The linear ops at one shape: what each reads (factors first) and writes. */
interface Case {
  readonly name: string;
  readonly kind: number;
  readonly flags: number;
  readonly dims: readonly [m: number, n: number, k: number];
  /** Sizes of the two factors, which are rounded. */
  readonly factors: readonly [number, number];
  /** Operand numbers and sizes of other inputs. */
  readonly others: Readonly<Record<number, number>>;
  /** Operand numbers and sizes of outputs. */
  readonly outputs: Readonly<Record<number, number>>;
}

// Whole and partial tiles, blocks, panels and chunks; the last one sums over more rows than a chunk.
const SHAPES = [
  [1, 1, 1],
  [5, 17, 33],
  [16, 16, 32],
  [17, 32, 31],
  [37, 48, 80],
  [130, 100, 40],
  [300, 64, 50],
  [2500, 20, 24],
] as const;

function cases(): Case[] {
  const found: Case[] = [];
  for (const dims of SHAPES) {
    const [m, n, k] = dims;
    for (const layout of [0, Flag.IN_OUT]) {
      const at = `${dims}${layout ? " in-out" : ""}`;
      const add = (name: string, rest: Omit<Case, "name" | "dims">) =>
        found.push({ name: `${name} ${at}`, dims, ...rest });
      add("forward", {
        kind: OpKind.LINEAR,
        flags: layout,
        factors: [m * k, n * k],
        others: { 2: n, 3: m * n },
        outputs: { 4: m * n },
      });
      add("forward, GELU", {
        kind: OpKind.LINEAR,
        flags: layout | Flag.GELU_TANH,
        factors: [m * k, n * k],
        others: { 2: n },
        outputs: { 4: m * n, 5: m * n },
      });
      add("input", {
        kind: OpKind.LINEAR_BACKWARD_INPUT,
        flags: layout,
        factors: [m * n, n * k],
        others: { 3: m * k },
        outputs: { 4: m * k },
      });
      add("input, GELU", {
        kind: OpKind.LINEAR_BACKWARD_INPUT,
        flags: layout | Flag.GELU_ERF,
        factors: [m * n, n * k],
        others: { 2: m * k },
        outputs: { 4: m * k },
      });
      add("weight", {
        kind: OpKind.LINEAR_BACKWARD_WEIGHT,
        flags: layout,
        factors: [m * n, m * k],
        others: {},
        outputs: { 2: n * k, 3: n },
      });
      add("weight, added", {
        kind: OpKind.LINEAR_BACKWARD_WEIGHT,
        flags: layout | Flag.ACCUMULATE,
        factors: [m * n, m * k],
        others: {},
        outputs: { 2: n * k },
      });
    }
  }
  return found;
}

/** The nearest bfloat16, ties to even. */
export function toBfloat16(values: Float32Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(values.slice().buffer);
  for (let i = 0; i < bits.length; i++) {
    bits[i] = (bits[i] + 0x7fff + ((bits[i] >>> 16) & 1)) & 0xffff0000;
  }
  return new Float32Array(bits.buffer);
}

function run(context: NativeContext, test: Case, factors: Float32Array[]): Float32Array[] {
  const operands: OpRecord["operands"][number][] = [];
  const kept = new DisposableStack();
  const put = (index: number, values: Float32Array) => {
    const buffer = kept.use(context.buffer(values.byteLength));
    buffer.write(0, values as Float32Array<ArrayBuffer>);
    operands[index] = { buffer: buffer.handle, offset: 0, bytes: values.byteLength };
    return buffer;
  };
  try {
    factors.forEach((values, i) => put(i, values));
    for (const [index, size] of Object.entries(test.others)) {
      put(Number(index), hashedFloats(`${test.name}/${index}`, size, -1, 1));
    }
    const outputs = Object.entries(test.outputs).map(([index, size]) =>
      put(Number(index), hashedFloats(`${test.name}/${index}`, size, -1, 1))
    );
    for (let i = 0; i < operands.length; i++) operands[i] ??= { buffer: 0n, offset: 0, bytes: 0 };
    const { kind, flags, dims } = test;
    context.execute([{ kind, flags, dims: [...dims], scalars: [], operands }]);
    return outputs.map((buffer) => buffer.read(0, new Float32Array(buffer.bytes / 4)));
  } finally {
    kept[Symbol.dispose]();
  }
}

function distance(a: Float32Array, b: Float32Array): number {
  let difference = 0, size = 0;
  for (let i = 0; i < a.length; i++) {
    difference += (a[i] - b[i]) ** 2;
    size += b[i] ** 2;
  }
  return Math.sqrt(difference / size);
}

/** What {@linkcode measureProducts} finds. */
export interface ProductReport {
  /** What multiplies: "amx" and so on. */
  readonly unit: string;
  /** Largest distance to float32 products of rounded factors, in units of the result's norm. */
  readonly worst: number;
  /** Its case. */
  readonly where: string;
  /** Smallest distance to products of factors that are not rounded, over large shapes. */
  readonly least: number;
}

/** Runs all cases on bfloat16 and compares them with float32 products of factors rounded before. */
export function measureProducts(unit: string): ProductReport {
  using rounding = new NativeContext({ threads: 2, precision: "bfloat16" });
  using plain = new NativeContext({ threads: 2 });
  let worst = 0, where = "", least = Infinity;
  for (const test of cases()) {
    const factors = test.factors.map((size, i) => hashedFloats(`${test.name}/${i}`, size, -1, 1));
    const seen = run(rounding, test, factors);
    const want = run(plain, test, factors.map(toBfloat16));
    const exact = run(plain, test, factors);
    // The gradient of a bias is a sum of factors that nothing is multiplied with.
    const bias = test.outputs[3] !== undefined ? 1 : -1;
    seen.forEach((values, i) => {
      const error = distance(values, i === bias ? exact[i] : want[i]);
      if (!(error <= worst)) [worst, where] = [error, `${test.name}, output ${i}`];
      if (i !== bias && test.dims[0] > 100) least = Math.min(least, distance(values, exact[i]));
    });
  }
  return { unit, worst, where, least };
}

if (import.meta.main) {
  const { nativeLibrary } = await import("../../src/native/library.ts");
  console.log(JSON.stringify(measureProducts(String(nativeLibrary().info.bf16))));
}
