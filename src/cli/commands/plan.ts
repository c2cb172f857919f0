import type { Recipe } from "../../config/recipe.ts";
import type { Command } from "../command.ts";
import { UsageError } from "../usage_error.ts";

/** What the command asks of the rest of the project. */
export interface PlanParts {
  loadRecipe(name: string, overrides: readonly string[]): Promise<Recipe>;
  /** The plan as an object, and as a table for people. */
  plan(
    recipe: Recipe,
    options: PlanRequest,
  ): Promise<{ json: Record<string, unknown>; text: string }>;
}

/** Hardware and price of a plan. */
export interface PlanRequest {
  /** Name and count of the devices, such as a100-80gb:8. */
  hardware: string;
  dollarsPerHour?: number;
  /** Pictures/s that a core decodes and prepares. */
  decodeRate?: number;
}

/** `deno task plan`: what a recipe costs, before it is run. */
export function planCommand(parts: PlanParts): Command {
  return {
    name: "plan",
    summary: "Predict parameters, compute, memory, hours and money of a recipe",
    positional: {
      name: "recipe",
      default: "quick",
      help: "Recipe by name, or a path to a .yaml file",
    },
    options: {
      hardware: {
        kind: "value",
        value: "NAME:COUNT",
        default: "a100-80gb:8",
        help: "a100-40gb, a100-80gb, h100-sxm, tpu-v3, tpu-v4 or laptop-cpu, and how many",
      },
      price: {
        kind: "value",
        value: "DOLLARS",
        help: "Price of a device hour; none means the table's",
      },
      "decode-rate": {
        kind: "value",
        value: "N",
        help: "Pictures/s that a core decodes; none means as measured for JPEGs of 400 x 300",
      },
      set: { kind: "values", value: "a.b=value", help: "Override a field of the recipe" },
    },
    async run({ arguments: args }) {
      const recipe = await parts.loadRecipe(args.positionals[0], args.values("set"));
      const price = args.value("price");
      if (price !== undefined && !(Number(price) > 0 && Number(price) < Infinity)) {
        throw new UsageError(
          `--price ${price}: give dollars per device hour, for example --price 1.6`,
        );
      }
      const rate = args.value("decode-rate");
      if (rate !== undefined && !(Number(rate) > 0 && Number(rate) < Infinity)) {
        throw new UsageError(
          `--decode-rate ${rate}: give pictures/s of a core, as deno task bench --only decode.core measures`,
        );
      }
      return await parts.plan(recipe, {
        hardware: args.value("hardware")!,
        ...(price === undefined ? {} : { dollarsPerHour: Number(price) }),
        ...(rate === undefined ? {} : { decodeRate: Number(rate) }),
      });
    },
  };
}
