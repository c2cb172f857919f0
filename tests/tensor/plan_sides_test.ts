import assert from "node:assert/strict";
import { OpKind } from "../../src/native/op_kinds.ts";
import { planMemory } from "../../src/tensor/plan_memory.ts";
import type { Side, TapeOp } from "../../src/tensor/tape.ts";
import { Storage, Tensor } from "../../src/tensor/tensor.ts";

const UNIT = 64;

/** Whole numbers below a bound, the same for the same seed. */
function dice(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

function op(kind: number, side: Side, reads: Tensor[], writes: Tensor[], inPlaceOf = -1): TapeOp {
  return { kind, side, flags: 0, dims: [], scalars: [], reads, writes, inPlaceOf };
}

/** A program of ops that read what any op before them wrote, but nothing of the other side. */
function randomOps(seed: number): TapeOp[] {
  const roll = dice(seed);
  const ops: TapeOp[] = [];
  const tensor = () => {
    const floats = 16 * (1 + roll(4));
    return new Tensor([floats], new Storage(4 * floats));
  };
  const emit = (side: Side, known: Tensor[]) => {
    const reads = Array.from(
      { length: Math.min(known.length, roll(3)) },
      () => known[roll(2) === 0 ? roll(known.length) : known.length - 1],
    );
    const writes = Array.from({ length: 1 + roll(2) }, tensor);
    ops.push(op(OpKind.COPY, side, reads, writes, reads.length > 0 ? roll(2) - 1 : -1));
    known.push(...writes);
  };
  const known: Tensor[] = [];
  for (let stretch = 0; stretch < 3; stretch++) {
    for (let i = roll(5); i >= 0; i--) emit(0, known);
    const sides = [[...known], [...known]];
    const before = known.length;
    ops.push(op(OpKind.FORK, 0, [], []));
    for (let i = 4 + roll(12); i >= 0; i--) {
      const side = roll(2) as Side;
      emit(side, sides[side]);
    }
    ops.push(op(OpKind.JOIN, 0, [], []));
    known.push(...sides[0].slice(before), ...sides[1].slice(before));
  }
  emit(0, known);
  return ops;
}

/** The ops in another order that fork and join allow: `first` says which side goes on. */
function reordered(ops: readonly TapeOp[], first: () => Side): TapeOp[] {
  const found: TapeOp[] = [];
  const waiting: [TapeOp[], TapeOp[]] = [[], []];
  let forked = false;
  for (const one of ops) {
    if (one.kind === OpKind.JOIN) {
      while (waiting[0].length + waiting[1].length > 0) {
        const side = first();
        found.push(waiting[waiting[side].length > 0 ? side : 1 - side].shift()!);
      }
    }
    if (forked && one.kind !== OpKind.JOIN) waiting[one.side].push(one);
    else found.push(one);
    if (one.kind === OpKind.FORK) forked = true;
    if (one.kind === OpKind.JOIN) forked = false;
  }
  return found;
}

/** How many operands are read where another value lies by then. */
function spoiled(ops: readonly TapeOp[], offsets: ReadonlyMap<Storage, number>): number {
  const memory = new Map<number, Storage>();
  const units = ({ storage }: Tensor) =>
    Array.from({ length: storage.bytes / UNIT }, (_, i) => offsets.get(storage)! / UNIT + i);
  let wrong = 0;
  for (const { reads, writes } of ops) {
    for (const read of reads) {
      if (read && units(read).some((unit) => memory.get(unit) !== read.storage)) wrong++;
    }
    for (const write of writes) {
      if (write) { for (const unit of units(write)) memory.set(unit, write.storage); }
    }
  }
  return wrong;
}

/** Spoiled operands over orders that the sides allow, and arenas, of many programs. */
function judge(plan: (ops: TapeOp[]) => ReturnType<typeof planMemory>) {
  let wrong = 0, bytes = 0;
  for (let seed = 1; seed <= 150; seed++) {
    const ops = randomOps(seed), roll = dice(seed);
    const { offsets, bytes: size } = plan(ops);
    bytes += size;
    for (const first of [() => 0, () => 1, () => roll(2), () => roll(2)] as (() => Side)[]) {
      wrong += spoiled(reordered(ops, first), offsets);
    }
    wrong += spoiled(ops, offsets);
  }
  return { wrong, bytes };
}

Deno.test("planMemory spoils no value in any order that fork and join allow", () => {
  const sided = judge((ops) => planMemory(ops, new Set()));
  assert.equal(sided.wrong, 0);
  // The same memory planned as if the list were run in its order is wrong, so the judge can see it.
  const alone = judge((ops) =>
    planMemory(
      ops.map((one) => ({ ...one, kind: OpKind.COPY, side: 0 as const })),
      new Set(),
    )
  );
  assert.ok(alone.wrong > 100, `${alone.wrong}`);
  assert.ok(alone.bytes < sided.bytes && sided.bytes < 2 * alone.bytes);
});

Deno.test("planMemory frees what both sides read only at their join", () => {
  const tensor = () => new Tensor([16], new Storage(64));
  const [a, b, c, d, e] = [tensor(), tensor(), tensor(), tensor(), tensor()];
  const { offsets, bytes } = planMemory([
    op(OpKind.FILL, 0, [], [a]),
    op(OpKind.FORK, 0, [], []),
    op(OpKind.COPY, 1, [a], [b]),
    op(OpKind.COPY, 0, [a], [c], 0),
    op(OpKind.COPY, 0, [c], [d]),
    op(OpKind.JOIN, 0, [], []),
    op(OpKind.ADD, 0, [b, d], [e]),
  ], new Set());
  const places = [a, b, c, d].map(({ storage }) => offsets.get(storage));
  assert.equal(new Set(places).size, 4, `${places}`);
  assert.equal(bytes, 4 * 64);
  assert.ok([a, c].some(({ storage }) => offsets.get(storage) === offsets.get(e.storage)));
});
