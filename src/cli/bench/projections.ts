import type { Bench, BenchResult } from "./bench.ts";
import { largestBatch } from "./cuda_speed.ts";

/** Devices that steps are projected on. */
const DEVICES = ["a100-80gb", "h100-sxm"] as const;

/**
 * `projection.*`: what the papers' steps would reach on GPUs that this kit has not run on, from counted
 * work and assumed shares of the data sheet's speeds. `low` and `high` are poor and good shares.
 */
export async function projections(): Promise<readonly Bench[]> {
  const { shapeName, TOWER_SHAPES, towerRecipe } = await import("../../run/bench/tower_step.ts");
  const { HARDWARE } = await import("../../scaling/plan/hardware.ts");
  const { ASSUMED, projectStep } = await import("../../scaling/plan/project_step.ts");
  return DEVICES.flatMap((device) =>
    TOWER_SHAPES.map((shape): Bench => {
      const name = `projection.${device}.${shapeName(shape)}`;
      return {
        names: ["mfu", "samples"].map((measure) => `${name}.${measure}`),
        async run() {
          const hardware = HARDWARE[device];
          const batch = await largestBatch(shape, hardware.memoryBytes);
          const { model, stages: [{ image, text }] } = towerRecipe(shape, batch);
          const tokens = { patches: image.tokens, text: text.tokens };
          const { low, middle, high } = ASSUMED[device];
          const [poor, usual, good] = [low, middle, high].map((assumed) =>
            projectStep(model, tokens, batch, hardware, assumed)
          );
          const time = Object.entries(usual.parts)
            .map(([part, share]) => `${part} ${(100 * share).toFixed(0)} %`).join(", ");
          const percent = (share: number) => `${Math.round(100 * share)} %`;
          const note =
            `PROJECTION, not measured: bfloat16 products at ${
              percent(middle.products)
            } of the peak (${percent(low.products)} to ${percent(high.products)}), memory at ${
              percent(middle.memory)
            } (${percent(low.memory)} to ${percent(high.memory)}), attention at ${
              percent(middle.vector)
            } (${percent(low.vector)} to ${percent(high.vector)}) of the float32 units; batch ` +
            `${batch}; time: ${time}`;
          const result = (
            measure: string,
            unit: string,
            of: (step: typeof usual) => number,
          ): BenchResult => ({
            name: `${name}.${measure}`,
            value: of(usual),
            unit,
            low: of(poor),
            high: of(good),
            note,
          });
          return [
            result("mfu", "1", (step) => step.modelFlopUtilisation),
            result("samples", "pairs/s", (step) => step.pairsPerSecond),
          ];
        },
      };
    })
  );
}
