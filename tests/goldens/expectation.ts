import { hashedPositions, hashedProbe } from "./hashed.ts";

/** A number as JSON keeps it; what JSON cannot say is a string. */
export type JsonNumber = number | "NaN" | "Infinity" | "-Infinity";

/** What a golden file keeps of a tensor; see `expectation` in reference/case.py. */
export interface Expectation {
  /** The longest chain of dependent roundings behind an element. */
  readonly depth: number;
  /** The tolerance is relative to every element instead of to the tensor's root mean square. */
  readonly each?: boolean;
  /** Root mean square of what an element is the difference of, where that may cancel. */
  readonly terms?: number;
  /** All values of a small tensor, else the five below. */
  readonly values?: readonly JsonNumber[];
  readonly squares?: number;
  readonly sum?: number;
  readonly probes?: readonly number[];
  readonly samples?: readonly number[];
}

/**
 * The allowed error of an element, as a share of the tensor's root mean square: 8 roundings of
 * float32 (2^-24), times the root of the number of dependent roundings, which is how unbiased
 * rounding errors grow.
 */
export function tolerance(depth: number): number {
  return 8 * 2 ** -24 * Math.sqrt(depth);
}

/**
 * Compares a tensor with what is expected of it.
 *
 * @param name The tensor's stream, which decides sampled positions and signs.
 * @returns `used`: the largest error as a share of the allowed one; `problem` when it exceeds 1.
 */
export function compare(
  name: string,
  values: Float32Array,
  want: Expectation,
): { used: number; problem: string | null } {
  const allowed = tolerance(want.depth);
  let used = 0;
  let problem: string | null = null;
  const note = (what: string, seen: number, wanted: number, error: number) => {
    const share = Object.is(seen, wanted) ? 0 : Math.abs(seen - wanted) / error;
    if (!(share <= used)) used = share;
    if (!(share <= 1)) {
      problem ??= `${name}: ${what} is ${seen}, expected ${wanted} within ${error}`;
    }
  };
  if (want.values) {
    const wanted = want.values.map(Number);
    if (wanted.length !== values.length) {
      return { used: Infinity, problem: `${name} has ${values.length} values` };
    }
    const squares = wanted.reduce((sum, value) => sum + value * value, 0);
    const rms = Math.max(Math.sqrt(squares / wanted.length), want.terms ?? 0);
    wanted.forEach((value, i) =>
      note(`[${i}]`, values[i], value, allowed * (want.each ? Math.abs(value) : rms))
    );
    return { used, problem };
  }
  const { squares, sum, probes, samples } = want as Required<Expectation>;
  const count = values.length;
  const rms = Math.max(Math.sqrt(squares / count), want.terms ?? 0);
  hashedPositions(name, samples.length, count).forEach((at, i) =>
    note(`[${at}]`, values[at], samples[i], allowed * rms)
  );
  // Errors within the bound, with signs of their own, add up to their root sum of squares; five
  // times that has a chance below 1e-5 (Hoeffding). The plain sum's errors may all agree in sign.
  probes.forEach((wanted, i) =>
    note(
      `random projection ${i}`,
      hashedProbe(name, i, values),
      wanted,
      5 * allowed * rms * Math.sqrt(count),
    )
  );
  note("sum", values.reduce((a, b) => a + b, 0), sum, allowed * rms * count);
  const seen = values.reduce((a, b) => a + b * b, 0);
  note("sum of squares", seen, squares, 2 * allowed * rms * Math.sqrt(squares * count));
  return { used, problem };
}
