import assert from "node:assert/strict";
import { NativeContext } from "../../src/native/context.ts";
import { NativeError } from "../../src/native/native_error.ts";
import { Flag } from "../../src/native/op_kinds.ts";
import type { OperandRange, OpRecord } from "../../src/native/op_record.ts";
import { FAMILIES, type GoldenCase, goldenCases, type GoldenOp } from "../goldens/golden_case.ts";
import { CaseMemory } from "./case_memory.ts";
import { requiredOperands } from "./operand_rules.ts";

const INVALID = 1;
const STALE = 4;
const UNSUPPORTED = 6;

/** One case for every op kind and every set of operands that are present. */
function variants(): { golden: GoldenCase; op: GoldenOp }[] {
  const found = new Map<string, { golden: GoldenCase; op: GoldenOp }>();
  for (const golden of FAMILIES.flatMap(goldenCases)) {
    for (const op of golden.ops) {
      const present = op.operands.map((name) => name === null ? "-" : "x").join("");
      const key = `${op.kind} ${op.flags} ${present}`;
      // The larger one: dimensions of 1 hide mistakes.
      const last = found.get(key);
      if (!last || golden.ops.length > last.golden.ops.length || op.dims[0] > last.op.dims[0]) {
        found.set(key, { golden, op });
      }
    }
  }
  return [...found.values()];
}

/** Runs records and returns the error, which must be a NativeError that names the op. */
function errorOf(context: NativeContext, record: OpRecord, op: GoldenOp): NativeError {
  for (const attempt of [() => context.execute([record]), () => context.program([record])]) {
    try {
      attempt();
    } catch (error) {
      assert.ok(error instanceof NativeError, `${error}`);
      assert.match(error.message, new RegExp(`\\b${op.kind.toLowerCase()}\\b`));
      continue;
    }
    assert.fail(`${op.kind} accepts ${describe(record)}`);
  }
  try {
    context.execute([record]);
  } catch (error) {
    return error as NativeError;
  }
  throw new Error("unreachable");
}

function describe(record: OpRecord): string {
  const operands = record.operands.map((operand) => operand ? operand.bytes : "absent");
  return `dims ${record.dims}, flags ${record.flags ?? 0}, operand bytes ${operands}`;
}

function replaced(record: OpRecord, index: number, operand: OperandRange | null): OpRecord {
  const operands = [...record.operands];
  operands[index] = operand;
  return { ...record, operands };
}

/** Calls `body` for every variant with its record over memory of a fresh context. */
function forEachVariant(
  body: (context: NativeContext, record: OpRecord, op: GoldenOp) => void,
): void {
  using context = new NativeContext({ threads: 2 });
  for (const { golden, op } of variants()) {
    using memory = new CaseMemory(context, golden);
    const before = memory.bytes();
    body(context, memory.records([op])[0], op);
    const after = memory.bytes();
    const at = after.findIndex((byte, i) => byte !== before[i]);
    assert.equal(at, -1, `${op.kind} wrote byte ${at} although it was refused`);
  }
}

Deno.test("ops refuse an operand whose size the dimensions do not give, when any is off by one", () => {
  forEachVariant((context, record, op) =>
    record.operands.forEach((operand, i) => {
      if (!operand) return;
      for (const change of [4, -4]) {
        const bytes = Math.max(0, operand.bytes + change);
        const error = errorOf(context, replaced(record, i, { ...operand, bytes }), op);
        assert.equal(error.code, INVALID);
        assert.match(error.message, new RegExp(`operand ${i} .*${bytes} bytes`));
      }
    })
  );
});

Deno.test("ops name the missing operand when a required one is absent", () => {
  forEachVariant((context, record, op) => {
    for (const i of requiredOperands(op)) {
      const error = errorOf(context, replaced(record, i, null), op);
      assert.equal(error.code, INVALID, `${op.kind} operand ${i}`);
    }
  });
});

Deno.test("ops report a stale handle when an operand's buffer is disposed", () => {
  forEachVariant((context, record, op) => {
    const gone = context.buffer(1 << 20);
    gone[Symbol.dispose]();
    record.operands.forEach((operand, i) => {
      if (!operand) return;
      const stale = { buffer: gone.handle, offset: 0, bytes: operand.bytes };
      const error = errorOf(context, replaced(record, i, stale), op);
      assert.equal(error.code, STALE);
      assert.match(error.message, new RegExp(`operand ${i}`));
    });
  });
});

Deno.test("ops refuse an operand of another context, off the grid or beyond its buffer", () => {
  using other = new NativeContext({ threads: 1 });
  using foreign = other.buffer(1 << 20);
  forEachVariant((context, record, op) => {
    record.operands.forEach((operand, i) => {
      if (!operand) return;
      const wrong: OperandRange[] = [
        { buffer: foreign.handle, offset: 0, bytes: operand.bytes },
        { ...operand, offset: operand.offset + 2 },
        { ...operand, offset: 2 ** 40 },
        { ...operand, offset: -4 }, // 2^64 - 4 as the library sees it
      ];
      for (const range of wrong) {
        assert.equal(errorOf(context, replaced(record, i, range), op).code, INVALID);
      }
    });
  });
});

Deno.test("ops refuse operands that they do not have when one is given", () => {
  forEachVariant((context, record, op) => {
    if (record.operands.length === 12) return; // as many as there can be
    const extra = replaced(record, record.operands.length, record.operands.find(Boolean)!);
    assert.equal(errorOf(context, extra, op).code, INVALID);
  });
});

Deno.test("ops refuse dimensions that are zero, negative, huge or overflow when multiplied", () => {
  forEachVariant((context, record, op) => {
    const empty = { ...record, operands: record.operands.map((o) => o && { ...o, bytes: 0 }) };
    const refuse = (dims: number[]) => {
      for (const base of [record, empty]) {
        assert.equal(errorOf(context, { ...base, dims }, op).code, INVALID, `${op.kind} ${dims}`);
      }
    };
    for (let i = 0; i < record.dims.length; i++) {
      // The pool kind, the offset of the local rows and the number of positions may be 0.
      const mayBeZero = i === 3 && !/EMBEDDING|PATCHIFY|ATTENTION/.test(op.kind);
      for (const value of [...mayBeZero ? [] : [0], -1, -(2 ** 62), 2 ** 41, 2 ** 62]) {
        refuse(record.dims.with(i, value));
      }
      for (let j = 0; j < record.dims.length; j++) {
        if (j === i) continue;
        for (const [a, b] of [[2 ** 32, 2 ** 32], [2 ** 40, 2 ** 24], [2 ** 31, 2 ** 31]]) {
          refuse(record.dims.with(i, a).with(j, b));
        }
      }
    }
  });
});

/** The flags that the header gives to each op; all other ops have none. */
const FLAGS: Readonly<Record<string, number>> = {
  UNARY: Flag.ACTIVATION,
  UNARY_BACKWARD: Flag.ACTIVATION,
  COLUMN_SUM: Flag.ACCUMULATE,
  LINEAR: Flag.ACTIVATION | Flag.IN_OUT,
  LINEAR_BACKWARD_INPUT: Flag.ACTIVATION | Flag.IN_OUT,
  LINEAR_BACKWARD_WEIGHT: Flag.ACCUMULATE | Flag.IN_OUT,
  LAYER_NORM_BACKWARD: Flag.ACCUMULATE,
  RESIDUAL_LAYER_NORM_BACKWARD: Flag.ACCUMULATE,
  ATTENTION: Flag.CAUSAL,
  ATTENTION_BACKWARD: Flag.CAUSAL,
  EMBEDDING_BACKWARD: Flag.ACCUMULATE,
  ASSEMBLE_TOKENS_BACKWARD: Flag.ACCUMULATE | Flag.CLASS_TOKEN,
  L2_NORMALIZE: Flag.NORM_ADD_EPS,
  L2_NORMALIZE_BACKWARD: Flag.NORM_ADD_EPS,
  CONTRASTIVE_BACKWARD: Flag.ACCUMULATE,
  SIGMOID_LOSS_BACKWARD: Flag.ACCUMULATE,
};

Deno.test("ops refuse every flag that they do not know when one bit is set", () => {
  forEachVariant((context, record, op) => {
    const known = FLAGS[op.kind] ?? 0;
    for (let bit = 0; bit < 32; bit++) {
      if ((known >>> bit & 1) !== 0) continue;
      const flags = ((record.flags ?? 0) | 1 << bit) >>> 0;
      const error = errorOf(context, { ...record, flags }, op);
      assert.equal(error.code, INVALID, `${op.kind} flag bit ${bit}`);
      assert.match(error.message, /flag/);
    }
  });
});

Deno.test("an op list runs not at all when a later op is wrong", () => {
  using context = new NativeContext({ threads: 1 });
  using buffer = context.buffer(64);
  const fill = (bytes: number): OpRecord => ({
    kind: 1,
    dims: [16],
    scalars: [7],
    operands: [{ buffer: buffer.handle, offset: 0, bytes }],
  });
  assert.throws(() => context.execute([fill(64), fill(60)]), /op 1 fill/);
  assert.deepEqual(buffer.read(0, new Float32Array(16)), new Float32Array(16));
});

Deno.test("an unknown op kind is unsupported when executed", () => {
  using context = new NativeContext({ threads: 1 });
  for (const kind of [0, 12, 999, 2 ** 32 - 1]) {
    assert.throws(
      () => context.execute([{ kind, dims: [1], operands: [] }]),
      (error: NativeError) => error.code === UNSUPPORTED && /no such op/.test(error.message),
    );
  }
});

Deno.test("unary refuses an activation that does not exist when its flags name none", () => {
  using context = new NativeContext({ threads: 1 });
  using buffer = context.buffer(64);
  const operand = { buffer: buffer.handle, offset: 0, bytes: 64 };
  for (const flags of [0, 7, 15]) {
    assert.throws(
      () => context.execute([{ kind: 7, flags, dims: [16], operands: [operand, operand] }]),
      /unknown activation/,
    );
  }
});
