import type { Bench, BenchResult } from "./bench.ts";
import { interleave } from "./interleave.ts";
import { spread } from "./spread.ts";

/** Rows of a tower at 17 tokens, and the width of the laptop's larger towers. */
const [ROWS, WIDTH] = [256 * 17, 192];

/** `norm.residual.*`: what it brings to join a block's branch to the stream and norm the sum in one op. */
export const normSpeed: Bench = {
  names: ["norm.residual.plain", "norm.residual.scaled"],
  async run({ signal, device }) {
    const { NativeContext } = await import("../../native/context.ts");
    const { NormPass } = await import("../../run/bench/norm_pass.ts");
    using context = new NativeContext({ device });
    const results: BenchResult[] = [];
    for (const scaled of [false, true]) {
      signal.throwIfAborted();
      const shape = { rows: ROWS, width: WIDTH, scaled };
      using fused = new NormPass(context, { ...shape, fused: true });
      using apart = new NormPass(context, { ...shape, fused: false });
      const pairs = await interleave(() => apart.seconds(), () => fused.seconds());
      const ratios = pairs.map(({ first, second }) => first / second);
      const note = `separate ops over one op, forward and backward with the product before them, ` +
        `${ROWS} rows of ${WIDTH}${scaled ? ", with LayerScale" : ""}`;
      const name = `norm.residual.${scaled ? "scaled" : "plain"}`;
      results.push({ name, unit: "x", ...spread(ratios), note });
    }
    return results;
  },
};
