import type { Recipe } from "../../src/config/recipe.ts";
import type { ModelCard } from "../../src/onnx/model_card.ts";
import { recipeHash } from "../../src/run/run_folder.ts";

/** The card of a made-up export of a recipe's run. */
export function madeCard(recipe: Recipe): ModelCard {
  return {
    format: "clipa-kit/model",
    version: 1,
    name: "tiny",
    width: 48,
    imageSize: 32,
    textTokens: 8,
    model: recipe.model,
    preprocessing: {
      size: 32,
      filter: "bilinear",
      fit: "squash",
      pixels: "imagenet",
      mean: [0.5, 0.5, 0.5],
      std: [0.2, 0.2, 0.2],
    },
    tokenizer: { file: "tokenizer.json", sha256: "a".repeat(64) },
    pooling: { image: "mean", text: "last" },
    logitScale: 14.2857,
    opset: 17,
    graphs: { portable: { image: "image.onnx", text: "text.onnx", masked: "masked.onnx" } },
    parity: { portable: { cosineMin: 0.99999998, maxAbs: 1.2e-6 } },
    files: [{ path: "image.onnx", bytes: 123, sha256: "b".repeat(64) }],
    provenance: {
      run: "runs/tiny",
      recipe: "tiny",
      recipeHash: recipeHash(recipe),
      samples: 1000,
      stage: "only",
      finished: true,
      weights: "value",
      dataSet: "shards/a_b|c/*.tar",
      commit: null,
      dirty: null,
    },
  };
}
