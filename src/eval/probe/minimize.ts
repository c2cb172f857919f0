/** Value at `x`; writes the gradient into `gradient`. */
export type Objective = (x: Float64Array, gradient: Float64Array) => Promise<number>;

/** Options of {@linkcode minimize}. */
export interface MinimizeOptions {
  /** Ends when no part of the gradient is larger. Default 1e-6. */
  readonly tolerance?: number;
  /** Default 500. */
  readonly maxIterations?: number;
  /** Pairs of steps that stand for the curvature. Default 10. */
  readonly memory?: number;
  readonly signal?: AbortSignal;
}

/** Where the minimum is. */
export interface Minimum {
  readonly x: Float64Array;
  readonly value: number;
  readonly iterations: number;
  /** Largest part of the gradient. */
  readonly slope: number;
}

/** Constants of the Wolfe conditions, as in Nocedal & Wright, Numerical Optimization, chapter 3. */
const ENOUGH_LOWER = 1e-4, ENOUGH_FLATTER = 0.9;
const LINE_STEPS = 30;

/**
 * Minimum of a smooth convex function of many variables: L-BFGS (Nocedal & Wright, algorithm 7.5) with
 * a bisecting search for the weak Wolfe conditions. Of the solvers on npm one is plain gradient
 * descent, one needs the whole matrix of second derivatives, one no longer loads as a module and one
 * has had no release since 2020; none lets the event loop run. So this one is ours, and a golden file
 * of scikit-learn decides whether it is right.
 *
 * It also ends, without an error, where rounding keeps a step from going lower.
 *
 * @throws the reason of `signal` when it is aborted; {RangeError} when the start has no finite value.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize } from "./minimize.ts";
 *
 * const { x } = await minimize((x, gradient) => {
 *   gradient[0] = 2 * (x[0] - 3);
 *   return Promise.resolve((x[0] - 3) ** 2);
 * }, new Float64Array(1));
 * assert.ok(Math.abs(x[0] - 3) < 1e-6);
 * ```
 */
export async function minimize(
  objective: Objective,
  start: Float64Array,
  options: MinimizeOptions = {},
): Promise<Minimum> {
  const { tolerance = 1e-6, maxIterations = 500, memory = 10, signal } = options;
  let x = Float64Array.from(start);
  let gradient = new Float64Array(x.length);
  let value = await objective(x, gradient);
  if (!Number.isFinite(value)) {
    throw new RangeError(`value ${value} at the start; allowed: finite numbers`);
  }
  const pairs: Pair[] = [];
  let iterations = 0;
  for (; iterations < maxIterations && largest(gradient) > tolerance; iterations++) {
    signal?.throwIfAborted();
    const direction = descend(gradient, pairs);
    const first = pairs.length === 0 ? 1 / Math.sqrt(dot(gradient, gradient)) : 1;
    const next = await search(objective, { x, value, gradient }, direction, first);
    if (next === null) break;
    const step = difference(next.x, x), change = difference(next.gradient, gradient);
    const curvature = dot(step, change);
    if (curvature > 0) pairs.push({ step, change, curvature });
    if (pairs.length > memory) pairs.shift();
    ({ x, value, gradient } = next);
  }
  return { x, value, iterations, slope: largest(gradient) };
}

interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  readonly curvature: number;
}

interface Point {
  readonly x: Float64Array<ArrayBuffer>;
  readonly value: number;
  readonly gradient: Float64Array<ArrayBuffer>;
}

/** Minus the gradient, times the inverse of the curvature that the pairs have seen (algorithm 7.4). */
function descend(gradient: Float64Array, pairs: readonly Pair[]): Float64Array {
  const direction = gradient.map((part) => -part);
  const shares: number[] = [];
  for (const { step, change, curvature } of pairs.toReversed()) {
    const share = dot(step, direction) / curvature;
    shares.unshift(share);
    add(direction, -share, change);
  }
  const last = pairs.at(-1);
  if (last) {
    const scale = last.curvature / dot(last.change, last.change);
    for (let i = 0; i < direction.length; i++) direction[i] *= scale;
  }
  pairs.forEach(({ step, change, curvature }, i) => {
    add(direction, shares[i] - dot(change, direction) / curvature, step);
  });
  return direction;
}

/** A step that is low and flat enough; null when rounding hides every decrease. */
async function search(
  objective: Objective,
  from: Point,
  direction: Float64Array,
  first: number,
): Promise<Point | null> {
  const slope = dot(from.gradient, direction);
  let low = 0, high = Infinity, length = first;
  let best: Point | null = null;
  for (let i = 0; i < LINE_STEPS; i++) {
    const x = from.x.slice();
    add(x, length, direction);
    const gradient = new Float64Array(x.length);
    const value = await objective(x, gradient);
    if (!(value <= from.value + ENOUGH_LOWER * length * slope)) high = length;
    else {
      best = { x, value, gradient };
      if (dot(gradient, direction) >= ENOUGH_FLATTER * slope) return best;
      low = length;
    }
    length = high === Infinity ? 2 * low : (low + high) / 2;
  }
  return best;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** to += scale * from */
function add(to: Float64Array, scale: number, from: Float64Array): void {
  for (let i = 0; i < to.length; i++) to[i] += scale * from[i];
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((part, i) => part - b[i]);
}

function largest(values: Float64Array): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}
