import assert from "node:assert/strict";
import { NativeContext } from "../../src/native/context.ts";
import { Flag, OpKind } from "../../src/native/op_kinds.ts";

const HALF_ULP = 2 ** -24;
const POINTS = 4001;

/** The error function, by Simpson's rule on the Gaussian: good to 1e-13. */
function erf(x: number): number {
  const t = Math.min(Math.abs(x), 6);
  const steps = 2 * Math.ceil(t * 500) + 2;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const weight = i === 0 || i === steps ? 1 : i % 2 ? 4 : 2;
    sum += weight * Math.exp(-((t * i / steps) ** 2));
  }
  return Math.sign(x) * sum * t / steps / 3 * 2 / Math.sqrt(Math.PI);
}

const C = Math.sqrt(2 / Math.PI);
const logistic = (x: number) => 1 / (1 + Math.exp(-x));
const inner = (x: number) => C * (x + 0.044715 * x ** 3);

/**
 * Value and derivative in double precision, and the allowed errors in halves of a last place of
 * `size`: the answer itself, or where a difference is taken its larger part.
 */
const ACTIVATIONS = {
  GELU_ERF: {
    value: (x: number) => x * (1 + erf(x / Math.SQRT2)) / 2,
    slope: (x: number) =>
      (1 + erf(x / Math.SQRT2)) / 2 + x * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI),
    // 1 + erf loses what erf's rounding says near -1.
    valueSize: (x: number, _y: number) => Math.abs(x),
    slopeSize: () => 1,
  },
  GELU_TANH: {
    value: (x: number) => x * logistic(2 * inner(x)),
    slope: (x: number) => {
      const share = logistic(2 * inner(x));
      return share + 2 * x * share * logistic(-2 * inner(x)) * C * (1 + 3 * 0.044715 * x * x);
    },
    // The exponential's argument is rounded: its size is a relative error of the result.
    valueSize: (x: number, y: number) => Math.abs(y) * (1 + 2 * Math.abs(Math.min(0, inner(x)))),
    slopeSize: () => 1,
  },
  GELU_QUICK: {
    value: (x: number) => x * logistic(1.702 * x),
    slope: (x: number) => logistic(1.702 * x) * (1 + 1.702 * x * logistic(-1.702 * x)),
    valueSize: (x: number, y: number) => Math.abs(y) * (1 + Math.abs(Math.min(0, 1.702 * x))),
    slopeSize: () => 1,
  },
  SIGMOID: {
    value: logistic,
    slope: (x: number) => logistic(x) * logistic(-x),
    valueSize: (_x: number, y: number) => y,
    slopeSize: (_x: number, y: number) => y,
  },
  TANH: {
    value: Math.tanh,
    slope: (x: number) => 1 / Math.cosh(x) ** 2,
    valueSize: (_x: number, y: number) => Math.abs(y),
    slopeSize: (_x: number, y: number) => y,
  },
} as const;

/** The largest error in halves of a last place of its size. */
function worst(
  x: Float32Array,
  seen: Float32Array,
  wanted: (x: number) => number,
  size: (x: number, y: number) => number,
): number {
  return x.reduce((most, value, i) => {
    const want = wanted(value);
    const error = Math.abs(seen[i] - want) / (HALF_ULP * size(value, want) + 2 ** -126);
    return Math.max(most, error);
  }, 0);
}

for (const [name, { value, slope, valueSize, slopeSize }] of Object.entries(ACTIVATIONS)) {
  Deno.test(`unary ${name} is within 3 last places of the truth when x goes from -9 to 9`, () => {
    using context = new NativeContext({ threads: 1 });
    using buffer = context.buffer(4 * 4 * POINTS);
    const range = (slot: number) => ({
      buffer: buffer.handle,
      offset: slot * 4 * POINTS,
      bytes: 4 * POINTS,
    });
    const x = Float32Array.from({ length: POINTS }, (_, i) => -9 + 18 * i / (POINTS - 1));
    buffer.write(0, x);
    buffer.write(4 * POINTS, new Float32Array(POINTS).fill(1));
    const op = { flags: Flag[name as keyof typeof ACTIVATIONS], dims: [POINTS] };
    context.execute([
      { ...op, kind: OpKind.UNARY, operands: [range(0), range(2)] },
      { ...op, kind: OpKind.UNARY_BACKWARD, operands: [range(0), range(1), null, range(3)] },
    ]);
    const y = buffer.read(8 * POINTS, new Float32Array(POINTS));
    const dx = buffer.read(12 * POINTS, new Float32Array(POINTS));
    const errors = [worst(x, y, value, valueSize), worst(x, dx, slope, slopeSize)];
    if (Deno.env.get("CLIPA_TEST_VERBOSE")) console.error(name, errors);
    assert.ok(errors.every((error) => error <= 6), `${name}: ${errors} halves of a last place`);
  });
}
