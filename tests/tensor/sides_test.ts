import assert from "node:assert/strict";
import { startGradientSums } from "../../src/dist/collectives.ts";
import { NativeContext } from "../../src/native/context.ts";
import { nativeLibrary } from "../../src/native/library.ts";
import { DistOpKind } from "../../src/native/dist_symbols.ts";
import { OpKind } from "../../src/native/op_kinds.ts";
import { add, mul, sum } from "../../src/tensor/ops/elementwise.ts";
import { linear } from "../../src/tensor/ops/linear.ts";
import { FixedTensor } from "../../src/tensor/fixed_tensor.ts";
import { ParameterStore } from "../../src/tensor/parameter_store.ts";
import { withoutConflicts } from "../../src/tensor/sides.ts";
import { Tape } from "../../src/tensor/tape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { hashedFloats } from "../goldens/hashed.ts";

const NAMES = new Map<number, string>(
  Object.entries({ ...OpKind, ...DistOpKind }).map(([name, kind]) => [kind, name]),
);
const WIDTH = 8;
const SPECS = ["a", "b", "c"].map((name) => ({
  ...{ name, shape: [WIDTH, WIDTH], decay: false },
  init: (values: Float32Array) => values.set(hashedFloats(name, values.length, -1, 1)),
}));

type Body = (tape: Tape, x: Tensor, get: (name: string) => Tensor) => [Tensor, Tensor];

/** Records a step whose two sides `body` makes, and hands the tape over. */
function recorded<T>(body: Body, sides: boolean, use: (tape: Tape, store: ParameterStore) => T): T {
  using context = new NativeContext({ threads: 1 });
  using store = new ParameterStore(context, SPECS);
  store.initialize();
  using x = new FixedTensor(context, [6, WIDTH], { values: hashedFloats("x", 6 * WIDTH, -1, 1) });
  const tape = new Tape(context, { sides });
  const [first, second] = body(tape, x, (name) => store.get(name));
  tape.backward([sum(tape, mul(tape, first, second)), 1]);
  return use(tape, store);
}

const apart: Body = (tape, x, get) =>
  tape.beside(
    () => linear(tape, linear(tape, x, get("a")), get("a")),
    () => linear(tape, x, get("b")),
  );
const sharing: Body = (tape, x, get) =>
  tape.beside(() => linear(tape, x, get("a")), () => linear(tape, x, get("a")));
const reading: Body = (tape, x, get) => {
  let first: Tensor;
  return tape.beside(
    () => first = linear(tape, x, get("a")),
    () => add(tape, first, linear(tape, x, get("b"))),
  );
};
// Both read what stands before them, so that both give it a gradient.
const common: Body = (tape, x, get) => {
  const before = linear(tape, x, get("c"));
  return tape.beside(
    () => linear(tape, before, get("a")),
    () => linear(tape, before, get("b")),
  );
};

const parts = (tape: Tape) =>
  withoutConflicts(tape.ops).filter(({ kind }) => kind === OpKind.FORK).length;

Deno.test("Tape.beside parts forward and backward, each op on the side it belongs to", () => {
  recorded(apart, true, (tape) => {
    const text = tape.ops.map(({ kind, side }) => `${NAMES.get(kind)}${side === 1 ? "'" : ""}`);
    assert.deepEqual(text, [
      ...["FORK", "LINEAR", "LINEAR", "LINEAR'", "JOIN", "MUL", "COLUMN_SUM"],
      ...["FILL", "MUL", "MUL", "FORK", "LINEAR_BACKWARD_WEIGHT'", "LINEAR_BACKWARD_WEIGHT"],
      ...["LINEAR_BACKWARD_INPUT", "LINEAR_BACKWARD_WEIGHT", "JOIN"],
    ]);
    assert.equal(parts(tape), 2);
  });
  assert.equal(recorded(apart, false, parts), 0, "one stream");
});

Deno.test("Tape.beside leaves ops in order where one side writes what the other touches", () => {
  assert.equal(recorded(sharing, true, parts), 1, "forward only: both write one gradient");
  assert.equal(recorded(reading, true, parts), 0);
  assert.equal(recorded(common, true, parts), 1, "both give one tensor its gradient");
  recorded(
    reading,
    true,
    (tape) => assert.ok(withoutConflicts(tape.ops).every((op) => op.side === 0)),
  );
});

Deno.test("Tape.beside changes no bit, with sides or without them", async () => {
  for (const body of [apart, sharing, reading, common]) {
    const run = async (sides: boolean) => {
      using context = new NativeContext({ threads: 1 });
      using store = new ParameterStore(context, SPECS);
      store.initialize();
      using x = new FixedTensor(context, [6, WIDTH], {
        values: hashedFloats("x", 6 * WIDTH, -1, 1),
      });
      const tape = new Tape(context, { sides });
      const [first, second] = body(tape, x, (name) => store.get(name));
      tape.backward([sum(tape, mul(tape, first, second)), 1]);
      using program = tape.compile();
      await program.run();
      await program.run();
      return store.gradients!.read();
    };
    assert.deepEqual(await run(true), await run(false));
  }
});

Deno.test("sums over ranks start on the side that writes their bucket, or behind the join", () => {
  recorded(apart, true, (tape, store) => {
    startGradientSums(tape, store);
    const at = tape.ops.findIndex(({ kind }) => kind === DistOpKind.ALL_REDUCE_START);
    // One bucket holds the gradients of both sides.
    assert.equal(NAMES.get(tape.ops[at - 1].kind), "JOIN");
    assert.equal(tape.ops[at].side, 0);
  });
  const alone: Body = (tape, x, get) =>
    tape.beside(() => add(tape, x, x), () => linear(tape, x, get("b")));
  recorded(alone, true, (tape, store) => {
    startGradientSums(tape, store);
    const at = tape.ops.findIndex(({ kind }) => kind === DistOpKind.ALL_REDUCE_START);
    assert.equal(NAMES.get(tape.ops[at - 1].kind), "LINEAR_BACKWARD_WEIGHT");
    assert.equal(tape.ops[at].side, 1);
  });
});

Deno.test("a program refuses a fork without its join, and a side without a fork", () => {
  using context = new NativeContext({ threads: 1 });
  using a = new FixedTensor(context, [4]);
  const fork = { kind: OpKind.FORK, dims: [], operands: [] };
  const join = { kind: OpKind.JOIN, dims: [], operands: [] };
  const fill = { kind: OpKind.FILL, dims: [4], scalars: [1], operands: [a.range()] };
  const side = { ...fill, flags: 512 };
  context.execute([fork, side, join, fill, fork, join]);
  assert.deepEqual(a.read(), new Float32Array(4).fill(1));
  const cases = [
    [[fork, fill], /op 0 fork .*no join follows it/],
    [[fill, fork, fork, join], /op 2 fork .*a fork stands before it that no join has ended/],
    [[fill, join], /op 1 join .*no fork stands before it/],
    [[fork, join, side], /op 2 fill .*has the flag side, and no fork stands before it/],
    [[{ ...fork, flags: 512 }, join], /op 0 fork .*belongs to both sides/],
  ] as const;
  for (const [ops, message] of cases) assert.throws(() => context.execute(ops), message);
});

Deno.test("a context takes one or two streams, and no other number of them", () => {
  using usual = new NativeContext({ threads: 1 });
  assert.equal(usual.streams, nativeLibrary().info.device === "cuda" ? 2 : 1);
  using two = new NativeContext({ threads: 1, streams: 2 });
  assert.equal(two.streams, 2);
  for (const streams of [0, 3, 1.5, NaN]) {
    assert.throws(() => new NativeContext({ streams }), /allowed are 1 and 2; set CLIPA_STREAMS/);
  }
});
