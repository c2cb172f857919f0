import assert from "node:assert/strict";
import { NativeContext } from "../../src/native/context.ts";
import { OpKind, StepSlot } from "../../src/native/op_kinds.ts";

Deno.test("a cancel between two ops of an update waits for the whole of it", async () => {
  const n = 1 << 18;
  const groups = 24;
  using context = new NativeContext({ threads: 1 });
  using buffer = context.buffer(4 * (groups + 3) * n + 4 * StepSlot.SLOTS);
  const at = (slot: number, count = n) => ({
    buffer: buffer.handle,
    offset: 4 * slot * n,
    bytes: 4 * count,
  });
  const [gradient, m, v] = [groups, groups + 1, groups + 2].map((slot) => at(slot));
  const step = new Float32Array(StepSlot.SLOTS);
  step[StepSlot.LEARNING_RATE] = step[StepSlot.EPSILON] = 1;
  step[StepSlot.CLIP_FACTOR] = 1;
  step[StepSlot.BIAS_CORRECTION1] = step[StepSlot.BIAS_CORRECTION2] = 1;
  buffer.write(4 * groups * n, new Float32Array(n).fill(1));
  buffer.write(4 * (groups + 3) * n, step);
  const block = at(groups + 3, StepSlot.SLOTS);
  const fill = { kind: OpKind.FILL, dims: [n], scalars: [0], operands: [m] };
  using program = context.program([
    fill,
    ...Array.from({ length: groups }, (_, group) => ({
      kind: OpKind.ADAMW,
      dims: [n],
      scalars: [0, 1],
      operands: [at(group), gradient, m, v, block],
    })),
    // The first of them is no longer refused, the second is.
    fill,
    fill,
  ]);
  const outcomes = new Set<string>();
  for (let turn = 0; turn < 8; turn++) {
    for (let group = 0; group < groups; group++) buffer.write(4 * group * n, new Float32Array(n));
    const running = program.run().then(() => "whole", () => "cancelled");
    await new Promise((resolve) => setTimeout(resolve, turn));
    context.cancel();
    const outcome = await running;
    context.cancel(false);
    const changed = Array.from(
      { length: groups },
      (_, group) => buffer.read(4 * group * n, new Float32Array(1))[0] !== 0,
    );
    assert.equal(new Set(changed).size, 1, `${outcome}: ${changed}`);
    outcomes.add(`${outcome} ${changed[0]}`);
  }
  // The cancel still arrives: before the update or after it.
  assert.ok(outcomes.has("cancelled true"), [...outcomes].join());
});
