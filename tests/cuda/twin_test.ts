import assert from "node:assert/strict";
import { Flag, OpKind, Pool } from "../../src/native/op_kinds.ts";
import { difference, noise, RawLibrary, type RawOp } from "./raw_library.ts";

const ROOT = decodeURIComponent(new URL("../..", import.meta.url).pathname).replace(/\/$/, "");
const CPU = `${ROOT}/build/cpu/libclipa_cpu.so`;
// With a GPU (`deno task test --device cuda`) its own library, else the emulation.
const CUDA = Deno.env.get("CLIPA_DEVICE")?.startsWith("cuda")
  ? `${ROOT}/build/cuda/libclipa_cuda.so`
  : `${ROOT}/build/cpu/libclipa_cuda_emulated.so`;

const TOKENS = [1, 4, 5, 17, 37, 50, 65, 197];

/** Ops whose inputs are outputs of the op before them, as one function of the library. */
type Case = (library: RawLibrary) => Float32Array[];

const single = (op: RawOp): Case => (library) => library.run(op);

function attention(batch: number, tokens: number, heads: number, head: number, flags = 0): Case {
  const width = heads * head, rows = batch * tokens;
  const qkv = noise(rows * 3 * width, tokens), dy = noise(rows * width, tokens + 1);
  const dims = [batch, tokens, heads, head], scalars = [1 / Math.sqrt(head)];
  return (library) => {
    const [y, lse] = library.run({
      ...{ name: "attention", kind: OpKind.ATTENTION, flags, dims, scalars },
      operands: [qkv, rows * width, batch * heads * tokens],
    });
    const [dqkv] = library.run({
      ...{ name: "attention_backward", kind: OpKind.ATTENTION_BACKWARD, flags, dims, scalars },
      operands: [qkv, y, lse, dy, rows * 3 * width],
    });
    return [y, lse, dqkv];
  };
}

function layerNorm(rows: number, width: number): Case {
  const x = noise(rows * width, width), dy = noise(rows * width, width + 1);
  const gamma = noise(width, 3), beta = noise(width, 4), acc = noise(rows * width, 5);
  return (library) => {
    const [y, mean, rstd] = library.run({
      ...{ name: "layer_norm", kind: OpKind.LAYER_NORM, dims: [rows, width], scalars: [1e-5] },
      operands: [x, gamma, beta, rows * width, rows, rows],
    });
    return [
      y,
      ...library.run({
        ...{ name: "layer_norm_backward", kind: OpKind.LAYER_NORM_BACKWARD, dims: [rows, width] },
        operands: [dy, x, gamma, mean, rstd, acc, rows * width, width, width],
      }),
    ];
  };
}

function residualNorm(rows: number, width: number, scaled: boolean): Case {
  const count = rows * width;
  const [x, branch, dy, acc] = [1, 2, 3, 4].map((seed) => noise(count, width + seed));
  const [gamma, beta, factor] = [5, 6, 7].map((seed) => noise(width, seed));
  const by = scaled ? factor : null, dims = [rows, width];
  const backward = OpKind.RESIDUAL_LAYER_NORM_BACKWARD;
  return (library) => {
    const [sum, y, stats] = library.run({
      ...{ name: "residual", kind: OpKind.RESIDUAL_LAYER_NORM, dims, scalars: [1e-5] },
      operands: [x, branch, by, gamma, beta, count, count, 2 * rows],
    });
    const last = scaled ? [count, width] : [null, null];
    // Of two values the norm is always 1 and -1: its gradient alone is nothing but rounding.
    return (width > 2 ? [acc, null] : [acc]).flatMap((more) => [
      ...[sum, y, stats],
      ...library.run({
        ...{ name: "residual_backward", kind: backward, dims },
        operands: [
          ...[dy, sum, gamma, stats, more, scaled ? branch : null, by],
          ...[count, width, width, ...last],
        ],
      }),
    ]);
  };
}

function contrastive(total: number, local: number, offset: number): Case {
  const width = 19, dims = [local, total, width, offset];
  const image = noise(total * width, 1), text = noise(total * width, 2);
  const scale = new Float32Array([1.3]);
  return (library) => {
    const [loss, lseImage, lseText, hits] = library.run({
      ...{ name: "contrastive", kind: OpKind.CONTRASTIVE, dims },
      operands: [image, text, scale, 1, local, local, 2],
    });
    return [
      loss,
      lseImage,
      lseText,
      hits,
      ...library.run({
        ...{ name: "contrastive_backward", kind: OpKind.CONTRASTIVE_BACKWARD, dims, scalars: [1] },
        operands: [image, text, scale, lseImage, lseText, total * width, total * width, 1],
      }),
    ];
  };
}

function linear(m: number, n: number, k: number, activation: number): Case {
  const x = noise(m * k, 1), w = noise(n * k, 2), b = noise(n, 3), dz = noise(m * n, 4);
  const kind = OpKind.LINEAR_BACKWARD_INPUT;
  return (library) => {
    const [y, pre] = library.run({
      ...{ name: "linear", kind: OpKind.LINEAR, flags: activation, dims: [m, n, k] },
      operands: [x, w, b, null, m * n, m * n],
    });
    const [dx] = library.run({
      ...{ name: "linear_backward_input", kind, flags: activation, dims: [m, n, k] },
      operands: [dz, w, x, null, m * k],
    });
    const [dw, db] = library.run({
      ...{ name: "weight", kind: OpKind.LINEAR_BACKWARD_WEIGHT, dims: [m, n, k] },
      operands: [dz, x, n * k, n],
    });
    return activation === 0 ? [y, dw, db] : [y, pre, dx, dw, db];
  };
}

function pool(tokens: number, how: number): Case {
  const ids = Int32Array.from({ length: 2 * tokens }, (_, i) => (i * 7) % 11);
  return single({
    ...{ name: "pool", kind: OpKind.POOL, dims: [2, tokens, 33, how] },
    operands: [noise(2 * tokens * 33, tokens), ids, 2 * 33],
  });
}

function embedding(tokens: number): Case {
  const rows = 3 * tokens, width = 21;
  const ids = Int32Array.from({ length: rows }, (_, i) => (i * i) % 300);
  return single({
    ...{
      name: "embedding_backward",
      kind: OpKind.EMBEDDING_BACKWARD,
      dims: [3, tokens, width, 300],
    },
    operands: [ids, noise(rows * width, tokens), 300 * width, tokens * width],
  });
}

function worst(cases: [string, Case][], limit: number): string[] {
  using cpu = new RawLibrary(CPU);
  using cuda = new RawLibrary(CUDA);
  return cases.flatMap(([name, run]) => {
    const want = run(cpu), seen = run(cuda);
    return want.flatMap((tensor, i) => {
      const error = difference(seen[i], tensor);
      return error <= limit ? [] : [`${name}, output ${i}: ${error.toExponential(2)}`];
    });
  });
}

Deno.test("attention on CUDA equals its twin on the CPU over all token counts", () => {
  const cases = TOKENS.flatMap((tokens): [string, Case][] => [
    [`${tokens} tokens`, attention(2, tokens, 2, 24)],
    [`${tokens} tokens, odd head`, attention(1, tokens, 1, 7)],
    [`${tokens} tokens, causal`, attention(1, tokens, 2, 33, Flag.CAUSAL)],
  ]);
  for (const head of [64, 80, 104, 129]) cases.push([`head ${head}`, attention(1, 37, 1, head)]);
  assert.deepEqual(worst(cases, 1e-5), []);
});

Deno.test("row programs on CUDA equal their twins on the CPU over odd widths", () => {
  const cases = [2, 7, 31, 32, 33, 65, 197, 384, 770, 1031, 2050, 4100].flatMap((
    width,
  ): [string, Case][] => [
    [`layer norm ${width}`, layerNorm(70, width)],
    [`residual layer norm ${width}`, residualNorm(70, width, false)],
    [`scaled residual layer norm ${width}`, residualNorm(70, width, true)],
    [
      `softmax ${width}`,
      single({
        ...{ name: "softmax", kind: OpKind.SOFTMAX, dims: [9, width] },
        operands: [noise(9 * width, width), 9 * width],
      }),
    ],
  ]);
  assert.deepEqual(worst(cases, 1e-5), []);
});

Deno.test("products, pooling, tables and the loss on CUDA equal their twins on the CPU", () => {
  const cases: [string, Case][] = [];
  for (const tokens of TOKENS) {
    for (const how of Object.values(Pool)) {
      if (how === Pool.MEAN_PATCHES && tokens < 2) continue;
      cases.push([`pool ${how} of ${tokens}`, pool(tokens, how)]);
    }
    cases.push([`embedding ${tokens}`, embedding(tokens)]);
    for (const activation of [0, Flag.GELU_ERF, Flag.GELU_TANH, Flag.GELU_QUICK]) {
      // dx has the shape of pre only where n and k are equal.
      cases.push([`linear ${tokens} ${activation}`, linear(tokens, 13, 13, activation)]);
    }
  }
  for (const [total, local, offset] of [[1, 1, 0], [5, 5, 0], [65, 65, 0], [37, 12, 7]]) {
    cases.push([`loss ${local} of ${total}`, contrastive(total, local, offset)]);
  }
  assert.deepEqual(worst(cases, 1e-5), []);
});

Deno.test("bfloat16 products keep two digits when inputs are rounded, and GELU is fused", () => {
  using exact = new RawLibrary(CUDA);
  using rounded = new RawLibrary(CUDA, 1);
  const run = linear(37, 24, 24, Flag.GELU_TANH);
  const want = run(exact);
  run(rounded).forEach((tensor, i) => {
    const error = difference(tensor, want[i]);
    // db is a sum that no product takes part in.
    assert.ok(error < 1e-2 && (error > 1e-5 || i === want.length - 1), `output ${i}: ${error}`);
  });
});

Deno.test("a matrix that one op rounded to bfloat16 serves the next, unless that has another", () => {
  const [m, n, k] = [37, 24, 16];
  const dz = noise(m * n, 1), other = noise(m * n, 2), x = noise(m * k, 3), w = noise(n * k, 4);
  const dims = [m, n, k];
  const weight = (of: Float32Array): RawOp => ({
    ...{ name: "weight", kind: OpKind.LINEAR_BACKWARD_WEIGHT, dims },
    operands: [of, x, n * k, n],
  });
  const input = (of: Float32Array): RawOp => ({
    ...{ name: "input", kind: OpKind.LINEAR_BACKWARD_INPUT, dims },
    operands: [of, w, null, null, m * k],
  });
  const twice: RawOp = {
    ...{ name: "scale", kind: OpKind.SCALE, dims: [m * n], scalars: [2] },
    operands: [dz, null, dz],
  };
  using cuda = new RawLibrary(CUDA, 1);
  const alone = (...ops: RawOp[]) => ops.flatMap((op) => cuda.run(op));
  assert.deepEqual(cuda.run(weight(dz), input(dz)), alone(weight(dz), input(dz)));
  assert.deepEqual(cuda.run(weight(dz), input(other)), alone(weight(dz), input(other)));
  const [, , dx] = cuda.run(weight(dz), twice, input(dz));
  assert.deepEqual(dx, cuda.run(input(dz))[0].map((value) => 2 * value));
});
