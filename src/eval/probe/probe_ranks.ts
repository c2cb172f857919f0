import { countRows } from "../check_rows.ts";
import { worstRanks } from "../worst_ranks.ts";
import type { Probe } from "./fit_probe.ts";

/**
 * For each row, how many other classes score at least as high as its own, as in {@link worstRanks}:
 * ties and scores that are not numbers count against the row.
 *
 * @param features [n, width]
 * @param labels [n]
 */
export function probeRanks(
  { weights, bias }: Probe,
  features: Float32Array,
  width: number,
  labels: ArrayLike<number>,
): Int32Array {
  const count = countRows("features", features, width);
  // A bias is the weight of a feature that is always 1.
  const wide = width + 1;
  const rows = new Float32Array(count * wide).fill(1);
  for (let i = 0; i < count; i++) rows.set(features.subarray(i * width, (i + 1) * width), i * wide);
  const classes = new Float32Array(bias.length * wide);
  bias.forEach((value, c) => {
    classes.set(weights.subarray(c * width, (c + 1) * width), c * wide);
    classes[c * wide + width] = value;
  });
  return worstRanks(rows, classes, wide, labels);
}
