import type { ImageStrategyName } from "./image_token_rule.ts";

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
  /** Random affine maps; none if left out. The papers use none. */
  readonly warp?: WarpRecipe;
  /**
   * One-colour pictures get strokes that are thicker or thinner by up to this many pixels of the stored
   * picture at each edge; 0 to 4, none if left out. Designers differ in it more than in anything else.
   */
  readonly stroke?: number;
}

/** Ranges of a random affine map about the centre of the picture. */
export interface WarpRecipe {
  /** Largest turn either way, in degrees. */
  readonly rotate: number;
  /** Largest horizontal shear either way, as a share of the height. */
  readonly shear: number;
  /** Smallest and largest size of what is shown; log-uniform. */
  readonly scale: readonly [number, number];
  /** Largest shift in each direction, as a share of the side. */
  readonly shift: number;
}

/**
 * Picture tokens of a stage and how it gets down to them. Masks apply in training only: an evaluation
 * sees whole pictures of the same size.
 */
export interface ImageBudget {
  /** `resize` keeps all patches of a small picture; the masks keep some patches of a larger one. */
  readonly strategy: ImageStrategyName;
  /** Side of the square picture, in pixels. */
  readonly size: number;
  /**
   * Patches without the class token. With `resize` (size / patch) squared: a recipe gives either, or
   * both if they agree. With a mask those that stay of (size / patch) squared; a recipe gives both.
   */
  readonly tokens: number;
  /** Grid masks: which patch of a window stays; default `none`, always the same one. */
  readonly jitter?: "none" | "sample" | "window";
  /** Block masks: where the block lies; default `random`. */
  readonly placement?: "random" | "centre";
}

/** Caption tokens of a stage and how it gets down to them. Evaluations truncate. */
export interface TextBudget {
  readonly strategy: TextStrategyName;
  /** Special tokens included. */
  readonly tokens: number;
  /** Random masks: order of the kept tokens; default `text`, as they were. */
  readonly order?: "text" | "shuffled";
  /** Syntax masks: what is tagged; default `sentence`. */
  readonly tags?: "sentence" | "word" | "first-piece";
  /** Syntax masks: what the budget counts; default `pieces`, that is tokens. */
  readonly unit?: "pieces" | "words";
}

/** Names of the text reductions, in the order of paper 1, figure 3. */
export const TEXT_STRATEGIES = ["truncation", "random", "block", "syntax"] as const;

/** Name of a text reduction. */
export type TextStrategyName = typeof TEXT_STRATEGIES[number];

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
   * Compute each block again in the backward pass instead of keeping its activations: less memory for a
   * second forward pass. Default false. The numbers are the same.
   */
  readonly recompute?: boolean;
  readonly image: ImageBudget;
  readonly text: TextBudget;
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
