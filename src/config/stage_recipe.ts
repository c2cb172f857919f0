/** Random changes of the training pictures. Shares are 0 to 1. */
export interface AugmentRecipe {
  /** Smallest and largest share of the picture's area that a crop keeps. */
  readonly area: readonly [number, number];
  /** Smallest and largest width-to-height ratio of a crop. */
  readonly aspect: readonly [number, number];
  /** Share of the one-colour pictures that get a random ink and paper colour. */
  readonly inkPaper: number;
  /** Share of the one-colour pictures that are drawn light on dark. */
  readonly invert: number;
  /** SimCLR colour jitter: brightness, contrast and saturation +-0.8 strength, hue +-0.2 strength. */
  readonly jitter: { readonly probability: number; readonly strength: number };
  /** Share of the pictures that lose their colours. */
  readonly gray: number;
  /** Share of the pictures that are mirrored; the papers use none. */
  readonly flip: number;
}

/**
 * One training stage with every field filled in. CLIPA pre-trains with few tokens, then tunes briefly
 * at full length.
 */
export interface StageRecipe {
  /** Name in metrics and results; unique within the recipe. */
  readonly name: string;
  /** Picture-caption pairs to train on; the steps are samples / batch, rounded down. */
  readonly samples: number;
  /** Pairs in one optimizer step, that is in one contrastive softmax. */
  readonly batch: number;
  /** Parts in which a batch goes through the towers, to save memory; must divide the batch. */
  readonly accumulate: number;
  /**
   * Picture tokens. `size` is the side of the square picture in pixels; `tokens` counts patches
   * without the class token: (size / patch) squared. A recipe gives either, or both if they agree.
   */
  readonly image: { readonly strategy: "resize"; readonly size: number; readonly tokens: number };
  /** Caption tokens, special tokens included. */
  readonly text: { readonly strategy: "truncation"; readonly tokens: number };
  /** Peak learning rate, stated outright; exactly one of `lr` and `baseLr` is not null. */
  readonly lr: number | null;
  /** The papers' rule: peak learning rate = baseLr x batch / 256. */
  readonly baseLr: number | null;
  /** Warm-up as a number of steps or as a share of the stage's steps. */
  readonly warmup: { readonly steps: number } | { readonly share: number };
  /** Course of the learning rate after the warm-up; `cosine` and `linear` end at `endLr` x peak. */
  readonly schedule: "cosine" | "linear" | "constant";
  /** Learning rate at the end, as a share of the peak. */
  readonly endLr: number;
  readonly augment: AugmentRecipe;
}
