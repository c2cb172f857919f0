/** A recipe as YAML would give it, as small as the schema allows; a new object at each call. */
// deno-lint-ignore no-explicit-any -- tests damage it in ways that no type allows.
export function tinyRecipe(): any {
  return {
    name: "tiny",
    data: { set: "icons-v1" },
    model: { preset: "laptop-w48" },
    stages: [{
      name: "only",
      samples: 1000,
      batch: 100,
      image: { size: 32 },
      text: { tokens: 8 },
      lr: 1e-3,
      warmup: { share: 0.1 },
    }],
  };
}
