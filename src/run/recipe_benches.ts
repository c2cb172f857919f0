import type { Recipe } from "../config/recipe.ts";

/** Names of the benchmarks that a recipe asks for. */
export function recipeBenches({ eval: { benches, retrieval } }: Recipe): string[] {
  return [...benches, ...retrieval.map((family) => `retrieval-${family}`)];
}
