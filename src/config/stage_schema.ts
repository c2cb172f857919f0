import { z } from "zod";

const share = z.number().min(0).max(1);
const count = z.int().min(1);

/** Random changes of the training pictures. */
const augment = z.strictObject({
  /** Smallest and largest share of the picture's area that a crop keeps. */
  area: z.tuple([share, share]),
  /** Smallest and largest width-to-height ratio of a crop. */
  aspect: z.tuple([z.number().positive(), z.number().positive()]),
  /** Share of the one-colour pictures that get a random ink and paper colour. */
  inkPaper: share,
  /** Share of the one-colour pictures that are drawn light on dark. */
  invert: share,
  /** SimCLR colour jitter: brightness, contrast and saturation +-0.8 strength, hue +-0.2 strength. */
  jitter: z.strictObject({ probability: share, strength: share }),
  /** Share of the pictures that lose their colours. */
  gray: share,
  /** Share of the pictures that are mirrored; the papers use none. */
  flip: share,
});

/** A learning-rate warm-up, as a number of steps or as a share of the stage's steps. */
const warmup = z.union([
  z.strictObject({ steps: z.int().min(0) }),
  z.strictObject({ share }),
]);

/** One training stage: CLIPA pre-trains with few tokens, then tunes briefly at full length. */
export const stageSchema = z.strictObject({
  /** Name in metrics and results; unique within the recipe. */
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "lower-case letters, digits and hyphens"),
  /** Picture-caption pairs to train on; the steps are samples / batch, rounded down. */
  samples: count,
  /** Pairs in one optimizer step, that is in one contrastive softmax. */
  batch: z.int().min(2),
  /** Parts in which a batch goes through the towers, to save memory; must divide the batch. */
  accumulate: count,
  /** Picture tokens. `tokens` counts patches without the class token: (size / patch) squared. */
  image: z.strictObject({
    strategy: z.enum(["resize"]),
    /** Side of the square picture, in pixels. */
    size: count,
    tokens: count,
  }),
  /** Caption tokens, special tokens included. */
  text: z.strictObject({ strategy: z.enum(["truncation"]), tokens: z.int().min(2) }),
  /** Peak learning rate, stated outright; exactly one of `lr` and `baseLr` is given. */
  lr: z.number().positive().nullable(),
  /** The papers' rule: peak learning rate = baseLr x batch / 256. */
  baseLr: z.number().positive().nullable(),
  warmup,
  /** Course of the learning rate after the warm-up; `cosine` and `linear` end at `endLr` x peak. */
  schedule: z.enum(["cosine", "linear", "constant"]),
  /** Learning rate at the end, as a share of the peak. */
  endLr: share,
  augment,
});

/** A stage with every field filled in. */
export type StageRecipe = z.infer<typeof stageSchema>;
/** The augmentation part of a stage. */
export type AugmentRecipe = z.infer<typeof augment>;
