import assert from "node:assert/strict";
import { chooseProbe } from "../../src/eval/probe/choose_probe.ts";
import { ProbeFitter } from "../../src/eval/probe/fit_probe.ts";
import { minimize } from "../../src/eval/probe/minimize.ts";
import { probeRanks } from "../../src/eval/probe/probe_ranks.ts";
import { SoftmaxLoss } from "../../src/eval/probe/softmax_loss.ts";
import { NativeContext } from "../../src/native/context.ts";

interface Golden {
  count: number;
  width: number;
  classes: number;
  seed: number;
  c: number;
  objective: number;
  accuracy: number;
  weights: number[];
  bias: number[];
}

const file = new URL("./goldens/probe.json", import.meta.url);
const { cases } = JSON.parse(Deno.readTextFileSync(file)) as { cases: Golden[] };

/** The problem of a golden case; make_probe_goldens.py has the same formula. */
function problem(
  { count, width, classes, seed }: Pick<Golden, "count" | "width" | "classes" | "seed">,
) {
  let state = seed;
  const labels = Array.from({ length: count }, (_, i) => i * 7 % classes);
  const features = new Float32Array(count * width);
  for (let i = 0; i < count; i++) {
    const row = Array.from({ length: width }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (state >>> 8) / 2 ** 24 - 0.5;
    });
    features.set(row, i * width);
  }
  for (let i = 0; i < count; i++) {
    const row = Array.from(features.subarray(i * width, (i + 1) * width));
    row[labels[i] % width] += 0.4;
    row[width - 1] += 1.5;
    const length = Math.hypot(...row);
    features.set(row.map((value) => value / length), i * width);
  }
  return { features, labels, width, classes };
}

Deno.test("ProbeFitter finds scikit-learn's weights when problems are small", async () => {
  assert.ok(cases.length >= 5, "the golden file was read");
  using context = new NativeContext();
  for (const golden of cases) {
    const rows = problem(golden);
    using fitter = new ProbeFitter(context, rows);
    const { weights, bias, iterations } = await fitter.fit({ c: golden.c });
    assert.ok(iterations > 3 && iterations < 500, `${iterations} iterations`);
    // float32 gradients; with little regularisation the minimum is flat, so weights are less certain.
    const near = golden.c < 1000 ? 2e-4 : 3e-3;
    const scale = Math.max(...golden.weights.map(Math.abs));
    const worst = Math.max(...golden.weights.map((value, i) => Math.abs(value - weights[i])));
    assert.ok(worst < near * scale, `C ${golden.c}: weights ${worst} apart, largest ${scale}`);
    const mean = bias.reduce((sum, value) => sum + value, 0) / bias.length;
    golden.bias.forEach((value, c) => {
      assert.ok(Math.abs(value - (bias[c] - mean)) < near * scale, `C ${golden.c}: bias ${c}`);
    });
    const ranks = probeRanks({ weights, bias, iterations }, rows.features, rows.width, rows.labels);
    const hits = ranks.filter((rank) => rank === 0).length;
    assert.equal(hits / golden.count, golden.accuracy);
  }
});

Deno.test("ProbeFitter ends at the same weights when it starts from another strength's", async () => {
  using context = new NativeContext();
  const rows = problem(cases[1]);
  using fitter = new ProbeFitter(context, rows);
  const straight = await fitter.fit({ c: 10 });
  const warm = await fitter.fit({ c: 10, start: await fitter.fit({ c: 1 }) });
  const scale = Math.max(...straight.weights.map(Math.abs));
  straight.weights.forEach((value, i) =>
    assert.ok(Math.abs(value - warm.weights[i]) < 2e-3 * scale)
  );
  const again = await fitter.fit({ c: 10 });
  assert.deepEqual(again, straight, "the same call gives the same bits");
});

Deno.test("SoftmaxLoss has the gradient that finite differences give", async () => {
  using context = new NativeContext();
  const rows = problem({ count: 12, width: 3, classes: 4, seed: 9 });
  using loss = new SoftmaxLoss(context, rows);
  const size = 4 * 3 + 4;
  const x = Float64Array.from({ length: size }, (_, i) => Math.sin(i + 1));
  const gradient = new Float64Array(size), unused = new Float64Array(size);
  await loss.at(x, gradient);
  for (let i = 0; i < size; i++) {
    const at = (shift: number) => loss.at(x.map((v, k) => k === i ? v + shift : v), unused);
    const slope = (await at(2 ** -7) - await at(-(2 ** -7))) / 2 ** -6;
    assert.ok(Math.abs(slope - gradient[i]) < 1e-4, `${i}: ${slope}, not ${gradient[i]}`);
  }
});

Deno.test("minimize finds the minimum of a long narrow valley and stops when it is told to", async () => {
  const bowl = (x: Float64Array, gradient: Float64Array) => {
    let value = 0;
    x.forEach((at, i) => {
      const steep = 10 ** (i / 4);
      gradient[i] = steep * (at - i);
      value += steep * (at - i) ** 2 / 2;
    });
    return Promise.resolve(value);
  };
  const { x, iterations, slope } = await minimize(bowl, new Float64Array(17));
  // SciPy 1.16 needs 365 for the same slope.
  assert.ok(slope <= 1e-6 && iterations < 500, `${iterations} iterations`);
  x.forEach((at, i) => assert.ok(Math.abs(at - i) < 1e-5));
  const short = await minimize(bowl, new Float64Array(17), { maxIterations: 2 });
  assert.equal(short.iterations, 2);
  await assert.rejects(minimize(bowl, new Float64Array(17), { signal: AbortSignal.abort() }), {
    name: "AbortError",
  });
  await assert.rejects(minimize(() => Promise.resolve(NaN), new Float64Array(1)), /value NaN/);
});

Deno.test("chooseProbe keeps the strength that is best on the validation rows", async () => {
  using context = new NativeContext();
  const all = problem({ count: 240, width: 6, classes: 6, seed: 5 });
  const part = (from: number, to: number) => ({
    features: all.features.slice(from * 6, to * 6),
    labels: all.labels.slice(from, to),
  });
  const train = { ...part(0, 80), width: 6, classes: 6 }, validation = part(80, 240);
  const cs = [0.01, 1, 100, 1e4];
  const chosen = await chooseProbe(context, train, validation, { cs });
  using fitter = new ProbeFitter(context, train);
  const scores: number[] = [];
  for (const c of cs) {
    const probe = await fitter.fit({ c, maxIterations: 300 });
    const ranks = probeRanks(probe, validation.features, 6, validation.labels);
    scores.push(ranks.filter((rank) => rank === 0).length / ranks.length);
  }
  assert.equal(chosen.validationTop1, Math.max(...scores));
  assert.equal(chosen.c, cs[scores.indexOf(Math.max(...scores))]);
  assert.ok(new Set(scores).size > 1, "the strengths differ");
});

Deno.test("probeRanks counts ties as wrong when two classes have one weight", () => {
  const probe = {
    weights: Float64Array.of(1, 0, 1, 0, 0, 1),
    bias: Float64Array.of(1, 1, 0),
    iterations: 0,
  };
  assert.deepEqual([...probeRanks(probe, Float32Array.of(1, 0, 0, 9), 2, [0, 2])], [1, 0]);
});

Deno.test("ProbeFitter refuses labels and strengths that make no sense", async () => {
  using context = new NativeContext();
  const rows = { features: Float32Array.of(1, 2, 3, 4), labels: [0, 2], width: 2, classes: 2 };
  assert.throws(() => new ProbeFitter(context, rows), /labels\[1\]: seen 2; allowed: 0 to 1/);
  assert.throws(() => new ProbeFitter(context, { ...rows, labels: [0] }), /labels: seen 1/);
  using fitter = new ProbeFitter(context, { ...rows, labels: [0, 1] });
  await assert.rejects(fitter.fit({ c: 0 }), /c: seen 0; allowed: a number above 0/);
  const many = { features: new Float32Array(2 ** 16), labels: new Uint8Array(2 ** 16), width: 1 };
  assert.throws(() => new SoftmaxLoss(context, { ...many, classes: 2 ** 13 }), /--shots/);
});
