import { normals, uniforms } from "./random.ts";

/** Fills with normal numbers of mean 0: a pure function of seed, stream and position. */
export function fillNormal(values: Float32Array, std: number, seed: number, stream: number): void {
  normals(values, seed, stream);
  for (let i = 0; i < values.length; i++) values[i] *= std;
}

/** Fills with uniform numbers in [-bound, bound): a pure function of seed, stream and position. */
export function fillUniform(
  values: Float32Array,
  bound: number,
  seed: number,
  stream: number,
): void {
  uniforms(values, seed, stream);
  for (let i = 0; i < values.length; i++) values[i] = (2 * values[i] - 1) * bound;
}
