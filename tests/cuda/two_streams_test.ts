import assert from "node:assert/strict";
import { Flag, OpKind } from "../../src/native/op_kinds.ts";

const ROOT = decodeURIComponent(new URL("../..", import.meta.url).pathname).replace(/\/$/, "");
const EMULATED = `${ROOT}/build/cpu/libclipa_cuda_emulated.so`;
const CONFIG = Deno.env.get("CLIPA_DENO_CONFIG") ?? `${ROOT}/deno.json`;

async function deno(args: string[], env: Record<string, string>) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--config", CONFIG, ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1", CLIPA_DEVICE: "", CLIPA_LIBRARY: EMULATED, ...env },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), error: decoder.decode(stderr) };
}

interface Found {
  runs: { losses: number[]; hash: string; arenaBytes: number; streams: number }[];
  /** Kernels and copies on a stream that waits for another: queued, recorded. */
  beside: [number, number];
}

async function steps(env: Record<string, string>): Promise<Found> {
  const { code, out, error } = await deno(["tests/cuda/stream_steps.ts"], env);
  assert.equal(code, 0, error);
  return JSON.parse(out);
}

Deno.test("both towers run on two streams, and no order that their waits allow changes a bit", async () => {
  const numbers = ({ runs }: Found) => runs.map(({ losses, hash }) => ({ losses, hash }));
  const one = await steps({ CLIPA_STREAMS: "1" });
  assert.deepEqual(one.beside, [0, 0]);
  for (const order of ["", "late", "early", "7"]) {
    const two = await steps({ CLIPA_EMULATED_ORDER: order });
    assert.deepEqual(numbers(two), numbers(one), `order "${order}"`);
    assert.ok(two.runs.every(({ streams }) => streams === 2));
    assert.ok(two.beside.every((count) => count > 100), `${two.beside}`);
    two.runs.forEach(({ arenaBytes }, i) => assert.ok(arenaBytes >= one.runs[i].arenaBytes));
  }
});

/** c = a + 2 a, with the doubling on the side, and the sum in front of the join or behind it. */
function sumProgram(behind: boolean): string {
  const n = 1000, dims = [n];
  return `
    import { NativeContext } from "file://${ROOT}/src/native/context.ts";
    import { FixedTensor } from "file://${ROOT}/src/tensor/fixed_tensor.ts";
    const context = new NativeContext({ threads: 1 });
    const [a, b, c] = [0, 1, 2].map(() => new FixedTensor(context, [${n}]));
    a.write(new Float32Array(${n}).fill(4));
    const range = (tensor) => tensor.range();
    const part = { kind: ${OpKind.FORK}, dims: [], operands: [] };
    const side = { kind: ${OpKind.SCALE}, flags: ${Flag.SIDE}, dims: ${JSON.stringify(dims)},
      scalars: [2], operands: [range(a), null, range(b)] };
    const sum = { kind: ${OpKind.ADD}, dims: [${n}, ${n}], operands: [a, b, c].map(range) };
    const meet = { kind: ${OpKind.JOIN}, dims: [], operands: [] };
    const program = context.program([part, side, ...${behind} ? [meet, sum] : [sum, meet]]);
    const seen = [];
    for (let i = 0; i < 4; i++) {
      b.write(new Float32Array(${n}));
      await program.run();
      seen.push(c.read()[${n - 1}]);
    }
    console.log(JSON.stringify(seen));`;
}

Deno.test("what reads a side's result before the join is wrong when that side runs late", async () => {
  const run = async (behind: boolean, order: string) => {
    const source = `data:application/javascript,${encodeURIComponent(sumProgram(behind))}`;
    const { code, out, error } = await deno([source], { CLIPA_EMULATED_ORDER: order });
    assert.equal(code, 0, error);
    return JSON.parse(out);
  };
  for (const order of ["late", "early"]) assert.deepEqual(await run(true, order), [12, 12, 12, 12]);
  assert.deepEqual(await run(false, "late"), [4, 4, 4, 4]);
});
