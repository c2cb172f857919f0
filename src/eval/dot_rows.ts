/**
 * Row `i` of one array times row `j` of another. Products are added one after the other, as in
 * {@linkcode dot4}: equal rows must give equal bits, and so must the rows in the other order.
 */
export function dot(a: Float32Array, i: number, b: Float32Array, j: number, width: number): number {
  let sum = 0;
  for (let k = 0; k < width; k++) sum += a[i * width + k] * b[j * width + k];
  return sum;
}

/** Row `i` against the rows `j` to `j + 3`, at most `last`; four sums at once keep the core busy. */
export function dot4(
  a: Float32Array,
  i: number,
  b: Float32Array,
  j: number,
  last: number,
  width: number,
  out: Float64Array,
) {
  const at = i * width;
  const b0 = j * width;
  const b1 = Math.min(j + 1, last) * width;
  const b2 = Math.min(j + 2, last) * width;
  const b3 = Math.min(j + 3, last) * width;
  let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  for (let k = 0; k < width; k++) {
    const x = a[at + k];
    s0 += x * b[b0 + k];
    s1 += x * b[b1 + k];
    s2 += x * b[b2 + k];
    s3 += x * b[b3 + k];
  }
  out[0] = s0;
  out[1] = s1;
  out[2] = s2;
  out[3] = s3;
}
