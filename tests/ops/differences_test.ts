import assert from "node:assert/strict";
import { NativeContext } from "../../src/native/context.ts";
import { FAMILIES, type GoldenCase, goldenCases } from "../goldens/golden_case.ts";
import { hashedFloats } from "../goldens/hashed.ts";
import { CaseMemory } from "./case_memory.ts";

// Two step widths and Richardson's extrapolation leave an error of the fourth order in the step.
const STEP = 1 / 64;

/** Sum of the products, in double precision. */
function dot(a: Float32Array, b: ArrayLike<number>): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

/**
 * The derivative of a case's weighted outputs along a random direction of one input, measured on
 * the float32 forward pass, and as the backward op says.
 */
function derivatives(context: NativeContext, golden: GoldenCase, input: string, gradient: string) {
  const { outputs } = golden.gradients!;
  using memory = new CaseMemory(context, golden);
  const x = memory.read(input);
  const weights = Object.values(outputs).map((name) => memory.read(name));
  context.execute(memory.records());
  const said = memory.read(gradient);

  const direction = hashedFloats(`${golden.name}/${input}/direction`, x.length, -1, 1);
  const backward = golden.ops.filter((op) => !/BACKWARD/.test(op.kind));
  const forward = memory.records(backward);
  let terms = 0; // sum of squares of what the objective adds up
  const objective = (at: Float32Array) => {
    memory.reset({ [input]: at });
    context.execute(forward);
    const products = Object.keys(outputs).flatMap((name, i) =>
      Array.from(memory.read(name), (value, j) => value * weights[i][j])
    );
    terms = products.reduce((sum, term) => sum + term * term, 0);
    return products.reduce((sum, term) => sum + term, 0);
  };
  const slope = (step: number) => {
    const above = x.map((value, i) => value + step * direction[i]);
    const below = x.map((value, i) => value - step * direction[i]);
    return (objective(above) - objective(below)) / (2 * step);
  };
  const measured = (4 * slope(STEP) - slope(2 * STEP)) / 3;
  // A direction may happen to be nearly orthogonal to the gradient, so errors count against this.
  const size = Math.sqrt(dot(said, said) * dot(direction, direction) / x.length);
  // Outputs are rounded to float32, which the step width magnifies.
  const resolution = 2 * 2 ** -24 * Math.sqrt(terms) / STEP;
  return { measured, computed: dot(said, direction), allowed: 1e-3 * size + resolution };
}

for (const family of FAMILIES) {
  const cases = goldenCases(family).filter((golden) => golden.gradients);
  if (cases.length === 0) continue;
  Deno.test(`${family} gradients are the slopes of the forward op when inputs move a little`, () => {
    using context = new NativeContext({ threads: 2 });
    const problems: string[] = [];
    let worst = 0;
    for (const golden of cases) {
      for (const [input, gradient] of Object.entries(golden.gradients!.inputs)) {
        const { measured, computed, allowed } = derivatives(context, golden, input, gradient);
        const used = Math.abs(measured - computed) / allowed;
        worst = Math.max(worst, used);
        if (!(used <= 1)) {
          problems.push(`${golden.name}: ${gradient} gives ${computed}, measured ${measured}`);
        }
      }
    }
    if (Deno.env.get("CLIPA_TEST_VERBOSE")) console.error(family, worst);
    assert.deepEqual(problems, []);
  });
}
