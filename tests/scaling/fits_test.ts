import assert from "node:assert/strict";
import { binnedPowerFit, powerFit } from "../../src/scaling/fit/binned_power_fit.ts";
import { fitDropCurve } from "../../src/scaling/fit/drop_curve.ts";
import {
  fitLaw,
  type LawPoint,
  predictDrop,
  tokensForDrop,
} from "../../src/scaling/fit/law_fit.ts";
import { leastSquares } from "../../src/scaling/fit/least_squares.ts";
import { leaveOneOut } from "../../src/scaling/fit/leave_one_out.ts";
import {
  lawInterval,
  residualBootstrap,
  tokensAgainstSize,
} from "../../src/scaling/fit/residual_bootstrap.ts";
import { studentT } from "../../src/scaling/fit/student_t.ts";
import { lawPoints } from "../../src/scaling/law_points.ts";
import {
  paperConvnextDrops,
  paperDrops,
  paperLaw,
  paperTransferDrops,
  paperTuningPoints,
} from "../../src/scaling/paper/paper_law.ts";
import goldens from "./goldens/fits.json" with { type: "json" };

function assertClose(actual: number, expected: number, relative: number, what: string): void {
  const error = Math.abs(actual - expected) / Math.abs(expected);
  assert.ok(error <= relative, `${what}: ${actual}, expected ${expected}, off by ${error}`);
}

/** @param axis Of tables 11 and 12, "ConvNeXt" of table 13, or a metric of table 15. */
function pointsOf(axis: string, strategy: string): LawPoint[] {
  const drops = axis === "image" || axis === "text"
    ? paperDrops(axis)
    : axis === "ConvNeXt"
    ? paperConvnextDrops()
    : paperTransferDrops(axis);
  return lawPoints(drops.filter((d) => d.strategy === strategy));
}

for (const golden of goldens.laws) {
  Deno.test(`fitLaw equals SciPy when fitted to ${golden.axis} ${golden.strategy}`, () => {
    const points = pointsOf(golden.axis, golden.strategy);
    assert.equal(points.length, golden.points);
    const { a, b, c, raw } = fitLaw(points);
    [a, b, c].forEach((value, i) => assertClose(value, golden.parameters[i], 1e-5, "abc"[i]));
    assertClose(raw.standardErrors[1], golden.standardErrors[0], 1e-4, "error of b");
    assertClose(raw.standardErrors[2], golden.standardErrors[1], 1e-4, "error of c");
    assertClose(raw.residualError, golden.residualError, 1e-6, "residual error");
  });

  Deno.test(`residualBootstrap equals SciPy's intervals on ${golden.axis} ${golden.strategy}`, () => {
    const law = residualBootstrap(pointsOf(golden.axis, golden.strategy), { draws: 1000 });
    assert.deepEqual([law.kind, law.failed], ["fit residual", 0]);
    (["a", "b", "c"] as const).forEach((parameter, i) => {
      const { low, high } = lawInterval(law, parameter);
      // The ends of two independent bootstraps differ by their draws; a wrong method is far outside.
      const width = golden.high[i] - golden.low[i];
      const slack = Math.max(Math.abs(low - golden.low[i]), Math.abs(high - golden.high[i]));
      assert.ok(
        slack < 0.12 * width,
        `${parameter}: [${low}, ${high}], ${golden.low[i]} to ${golden.high[i]}`,
      );
    });
  });

  Deno.test(`leaveOneOut equals SciPy's held-out errors on ${golden.axis} ${golden.strategy}`, () => {
    const { cells, error, guess } = leaveOneOut(pointsOf(golden.axis, golden.strategy));
    cells.forEach((cell, i) => {
      assert.ok(Math.abs(cell.error - golden.heldOutErrors[i]) < 1e-4, `cell ${i}`);
    });
    assert.ok(error < guess, `law ${error}, mean of the others ${guess}`);
  });
}

Deno.test("fitLaw says that points do not follow the law where its matrices are singular", () => {
  for (const metric of ["inSketch", "inA", "inR"]) {
    assert.throws(() => residualBootstrap(pointsOf(metric, "syntax")), {
      name: "RangeError",
      message: /cannot tell the parameters apart|have a fit/,
    });
  }
  assert.throws(() => paperTransferDrops("coco"), /allowed: imagenet-1k\.top1, .*cocoText/);
});

Deno.test("fitDropCurve equals SciPy when each size is fitted alone", () => {
  for (const [model, golden] of Object.entries(goldens.curves)) {
    const drops = paperDrops("image").filter((d) => d.model === model && d.strategy === "resize");
    const { a, b, raw } = fitDropCurve(lawPoints(drops));
    assertClose(a, golden.parameters[0], 1e-5, `${model} a`);
    assertClose(b, golden.parameters[1], 1e-5, `${model} b`);
    assertClose(raw.standardErrors[1], golden.errorOfB, 1e-4, `${model} error of b`);
  }
});

Deno.test("paperLaw finds the inverse law for resize: c above 0 with its whole interval", () => {
  const law = paperLaw("image", "resize");
  const { low, value, high } = lawInterval(law, "c");
  assert.ok(low > 0.3 && value > 0.39 && value < 0.40 && high < 0.51, `${low} ${value} ${high}`);
  assert.ok(law.fit.explained > 0.98);
  const sizes = tokensAgainstSize(law, { drop: 1, fullTokens: 197 }, [55e6, 141e6, 414e6]);
  assert.deepEqual(sizes.map(({ value }) => Math.round(value)), [80, 62, 44]);
  for (const { low, value, high } of sizes) assert.ok(low < value && value < high);
});

Deno.test("paperLaw finds no law in size for truncation: the interval of c holds 0", () => {
  const { low, high } = lawInterval(paperLaw("text", "truncation"), "c");
  assert.ok(low < 0 && high > 0, `${low} to ${high}`);
});

Deno.test("paperTuningPoints carry the law of paper 2, figure 2: c above 0 with its whole interval", () => {
  const points = paperTuningPoints();
  assert.equal(points.length, 28); // four models, seven shares
  const law = residualBootstrap(points, { draws: 300 });
  const { low, value, high } = lawInterval(law, "c");
  assert.ok(low > 0.2 && value > 0.3 && value < 0.36 && high < 0.4, `${low} ${value} ${high}`);
  assert.ok(law.fit.explained > 0.97);
});

Deno.test("tokensForDrop undoes predictDrop when tokens are read back", () => {
  const law = { a: 3.5, b: 0.9, c: 0.4 };
  const cell = { tokens: 37, fullTokens: 197, parameters: 141e6 };
  const drop = predictDrop(law, cell);
  assertClose(tokensForDrop(law, { ...cell, drop }), 37, 1e-12, "tokens");
  assert.throws(
    () => tokensForDrop(law, { ...cell, drop: 0 }),
    /drop of 0 .*allowed: both above 0/,
  );
  assert.throws(() => tokensForDrop({ ...law, b: -1 }, { ...cell, drop: 1 }), /b = -1/);
});

Deno.test("residualBootstrap gives the same interval when it is run twice, another with a new seed", () => {
  const points = pointsOf("image", "resize");
  const interval = (seed: number) =>
    lawInterval(residualBootstrap(points, { draws: 40, seed }), "c");
  assert.deepEqual(interval(1), interval(1));
  assert.notDeepEqual(interval(1), interval(2));
});

Deno.test("binnedPowerFit equals NumPy when the best of five bins are fitted", () => {
  const points = Array.from({ length: 60 }, (_, i) => {
    const x = 10 ** (9 + 4 * i / 59);
    return { x, y: 5.8 * x ** -0.11 * (1 + (i * 37 % 11) / 20) };
  });
  const { factor, exponent } = binnedPowerFit(points);
  assertClose(factor, goldens.binned.factor, 1e-9, "factor");
  assertClose(exponent, goldens.binned.exponent, 1e-9, "exponent");
});

Deno.test("studentT equals SciPy when freedom is small, large or no whole number", () => {
  for (const { share, freedom, value } of goldens.studentT) {
    assertClose(studentT(share, freedom), value, 1e-6, `t(${share}, ${freedom})`);
  }
  assert.throws(() => studentT(0.975, 0), /at least two seeds/);
});

Deno.test("fitLaw says what is missing when points cannot carry a law", () => {
  const cell = (tokens: number, parameters: number, drop: number) => ({
    tokens,
    fullTokens: 100,
    parameters,
    drop,
  });
  const good = [cell(50, 1e6, 1), cell(20, 1e6, 3), cell(50, 4e6, 0.5), cell(20, 4e6, 2)];
  assert.throws(() => fitLaw(good.slice(0, 3)), /seen 3 points; allowed: at least 4; add cells/);
  assert.throws(
    () => fitLaw([...good, cell(100, 1e6, 0)]),
    /100 of 100 tokens.*leave the baselines out/s,
  );
  assert.throws(() => fitLaw([...good, cell(50, 0, 1)]), /seen 0 parameters/);
  assert.throws(() => fitLaw([...good, cell(50, 2e6, NaN)]), /point 4: seen NaN/);
  assert.throws(
    () => fitLaw(good.map((point) => ({ ...point, parameters: 1e6 }))),
    /seen 1 sizes and 2 lengths/,
  );
  assert.throws(
    () => fitLaw(good.map((point) => ({ ...point, drop: -point.drop }))),
    /seen 0 positive drops among 4/,
  );
});

Deno.test("fitLaw keeps gains in the fit when some drops are negative", () => {
  const points = pointsOf("image", "block");
  const gains = points.filter(({ drop }) => drop < 0);
  assert.equal(gains.length, 1); // L/16 at 99 tokens, +0.3
  const without = fitLaw(points.filter(({ drop }) => drop > 0));
  assert.notEqual(fitLaw(points).c.toFixed(4), without.c.toFixed(4));
});

Deno.test("fitDropCurve and powerFit refuse too few, equal and non-positive points", () => {
  const cell = (tokens: number, drop: number) => ({ tokens, fullTokens: 100, drop });
  assert.throws(
    () => fitDropCurve([cell(50, 1), cell(20, 2)]),
    /seen 2 points; allowed: at least 3/,
  );
  assert.throws(
    () => fitDropCurve([cell(50, 1), cell(50, 2), cell(50, 3)]),
    /at least two lengths/,
  );
  assert.throws(
    () => fitDropCurve([cell(50, -1), cell(20, 0), cell(10, 1)]),
    /seen 1 positive drops/,
  );
  assert.throws(() => powerFit([{ x: 1, y: 1 }]), /seen 1 points/);
  assert.throws(() => powerFit([{ x: 1, y: 1 }, { x: 2, y: 0 }]), /y 0; allowed: both above 0/);
  assert.throws(() => powerFit([{ x: 1, y: 1 }, { x: 1, y: 2 }]), /one x only/);
  assert.throws(() => binnedPowerFit([{ x: 0, y: 1 }, { x: 2, y: 1 }]), /x not above 0/);
  assert.throws(
    () => binnedPowerFit([{ x: 1, y: 1 }, { x: 2, y: 1 }], { bins: 1 }),
    /bins: seen 1/,
  );
});

Deno.test("leastSquares complains instead of returning when two parameters do the same", () => {
  const double = {
    value: ([p, q]: readonly number[], x: number) => (p + q) * x,
    gradient: (_: readonly number[], x: number) => [x, x],
  };
  assert.throws(
    () => leastSquares([0, 1, 2.1, 3], double, [0.4, 0.5]),
    /cannot tell the parameters apart|no minimum/,
  );
});
