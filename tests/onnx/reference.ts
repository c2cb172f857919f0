// The custom ops in double precision, written from their definitions.

/** A matrix or more as numbers in row-major order. */
export type Numbers = ArrayLike<number>;

/** Error function, to about 1e-15: a series near 0, a continued fraction far from it. */
export function erf(x: number): number {
  const t = Math.abs(x);
  if (t < 3) {
    let term = t, sum = t;
    for (let n = 1; Math.abs(term) > 1e-18; n++) {
      term *= -t * t / n;
      sum += term / (2 * n + 1);
    }
    return Math.sign(x) * 2 / Math.sqrt(Math.PI) * sum;
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (t + fraction);
  return Math.sign(x) * (1 - Math.exp(-t * t) / Math.sqrt(Math.PI) / (t + fraction));
}

export function gelu(x: number, kind: "erf" | "tanh" | "quick"): number {
  if (kind === "quick") return x / (1 + Math.exp(-1.702 * x));
  return kind === "erf"
    ? x * (1 + erf(x / Math.SQRT2)) / 2
    : x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))) / 2;
}

/** [rows, width] → the same shape. */
export function layerNorm(x: Numbers, gamma: Numbers, beta: Numbers, eps: number): Float64Array {
  const width = gamma.length;
  const y = new Float64Array(x.length);
  for (let row = 0; row < x.length; row += width) {
    let mean = 0, variance = 0;
    for (let i = 0; i < width; i++) mean += x[row + i] / width;
    for (let i = 0; i < width; i++) variance += (x[row + i] - mean) ** 2 / width;
    for (let i = 0; i < width; i++) {
      y[row + i] = (x[row + i] - mean) / Math.sqrt(variance + eps) * gamma[i] + beta[i];
    }
  }
  return y;
}

/** x [rows, in] times w, [out, in] → [rows, out]. */
export function linear(x: Numbers, w: Numbers, input: number, bias?: Numbers): Float64Array {
  const out = w.length / input, rows = x.length / input;
  const y = new Float64Array(rows * out);
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < out; o++) {
      let sum = bias?.[o] ?? 0;
      for (let i = 0; i < input; i++) sum += x[r * input + i] * w[o * input + i];
      y[r * out + o] = sum;
    }
  }
  return y;
}

/** qkv [batch, tokens, 3, heads, head] → [batch, tokens, heads * head]. */
export function attention(
  qkv: Numbers,
  [batch, tokens, width]: readonly number[],
  heads: number,
  causal: boolean,
): Float64Array {
  const head = width / heads;
  const y = new Float64Array(batch * tokens * width);
  const at = (b: number, t: number, part: number, h: number) =>
    ((b * tokens + t) * 3 + part) * width + h * head;
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let t = 0; t < tokens; t++) {
        const seen = causal ? t + 1 : tokens;
        const scores = Array.from({ length: seen }, (_, s) => {
          let dot = 0;
          for (let i = 0; i < head; i++) dot += qkv[at(b, t, 0, h) + i] * qkv[at(b, s, 1, h) + i];
          return dot / Math.sqrt(head);
        });
        const largest = Math.max(...scores);
        const weights = scores.map((score) => Math.exp(score - largest));
        const total = weights.reduce((a, c) => a + c, 0);
        weights.forEach((weight, s) => {
          for (let i = 0; i < head; i++) {
            y[(b * tokens + t) * width + h * head + i] += weight / total *
              qkv[at(b, s, 2, h) + i];
          }
        });
      }
    }
  }
  return y;
}

/** Largest difference of two arrays; not-a-number counts as infinite. */
export function difference(a: Numbers, b: Numbers): number {
  let largest = a.length === b.length ? 0 : Infinity;
  for (let i = 0; i < a.length; i++) {
    const d = Math.abs(a[i] - b[i]);
    if (!(d <= largest)) largest = d;
  }
  return Number.isNaN(largest) ? Infinity : largest;
}
