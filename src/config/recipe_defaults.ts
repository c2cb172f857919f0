/** What a recipe may leave out. The optimizer values are those of both papers. */
export const RECIPE_DEFAULTS = {
  data: {
    set: null,
    shards: null,
    limit: null,
    captions: { l1: 1, l2: 1, l3: 1, l4: 1, l5: 1 },
    balance: "none",
    familyCap: null,
  },
  model: { preset: null, flavour: "jax" },
  optimizer: {
    beta1: 0.9,
    beta2: 0.95,
    eps: 1e-8,
    weightDecay: 0.2,
    decayed: "kernels",
    clipNorm: null,
    averaging: null,
  },
  eval: { benches: [], retrieval: [], everySamples: null },
  seed: 0,
  checkpoint: { everySteps: null, keep: 2 },
} as const;

/** What `guards.spike` may leave out: six deviations, and three skips in fifty steps. */
export const SPIKE_DEFAULTS = { sigma: 6, window: 128, skips: 3, within: 50, rewinds: 3 } as const;

/** What a stage may leave out. The crop is that of both papers; they use no other change by default. */
export const STAGE_DEFAULTS = {
  accumulate: 1,
  image: { strategy: "resize" },
  text: { strategy: "truncation" },
  lr: null,
  baseLr: null,
  schedule: "cosine",
  endLr: 0,
  augment: {
    area: [0.4, 1],
    aspect: [3 / 4, 4 / 3],
    inkPaper: 0,
    invert: 0,
    jitter: { probability: 0, strength: 0.4 },
    gray: 0,
    flip: 0,
  },
} as const;

/** What `data.stream` may leave out, where a recipe has it. */
export const STREAM_DEFAULTS = {
  buffer: 8192,
  epoch: null,
  captions: ["txt"],
  filter: { minSide: null, maxAspect: null, minWords: null, score: null },
  maxBroken: 0.01,
} as const;
