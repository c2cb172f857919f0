import type { ModelSpec } from "./model_spec.ts";
import type { StageRecipe } from "./stage_recipe.ts";

/** Where the pairs come from. */
export interface DataRecipe {
  /** A built-in data set; exactly one of `set` and `shards` is not null. */
  readonly set: "icons-v1" | null;
  /** Path or glob of webdataset tar shards; with `stream` also braces and addresses. */
  readonly shards: string | null;
  /** Trains straight from the shards, without baking them first; left out = they are baked. */
  readonly stream?: StreamRecipe;
  /**
   * How JPEGs of shards are decoded for training. `exact` (default): whole, as Pillow does. `scaled`: at
   * a half, a quarter or an eighth of their sides where the crop has at least 1.5 times the pixels that
   * the stage needs even so; faster, and nearly the same. Evaluations are always exact.
   */
  readonly decode?: "exact" | "scaled";
  /** Uses only this many training pairs, chosen by hash; null for all. */
  readonly limit: number | null;
  /**
   * Relative weights with which a caption level is drawn for a picture that has it: l1 = name, l2 =
   * a sentence of name, style and set, l3 = tags, l4 = name and dictionary gloss, l5 = all of them.
   * A recipe that lists some levels means those only.
   */
  readonly captions: Readonly<Record<"l1" | "l2" | "l3" | "l4" | "l5", number>>;
  /**
   * How captions become tokens; default `icons`. `icons` = a byte-pair code trained on the captions of
   * the data set; `clip-bpe` = OpenAI's, of paper 1's PyTorch weights; `bert-uncased` = WordPiece as the
   * JAX code cuts it; `bert-uncased-strip-sep` = as open_clip does for the same weights.
   */
  readonly tokenizer?: "icons" | "clip-bpe" | "bert-uncased" | "bert-uncased-strip-sep";
  /** Draws the parts of list captions (l3) in random order each time; default false. */
  readonly shuffleLists?: boolean;
  /** `phrase-family` shows one picture of each phrase and designer family in an epoch. */
  readonly balance: "none" | "phrase-family";
  /** Most rows of one designer family in an epoch; null for no limit. */
  readonly familyCap: number | null;
}

/** How a run reads shards that are not baked. */
export interface StreamRecipe {
  /** Samples in the shuffle buffer, of which the next one is drawn; default 8192. */
  readonly buffer: number;
  /** Samples of an epoch, after which the shards are read in a new order; null = all of them. */
  readonly epoch: number | null;
  /**
   * Where captions stand: `txt` or another text file of a sample, or `json.NAME` for a text or a list
   * of texts in `key.json`. A field that has one is drawn, then one of its captions. Default `[txt]`.
   */
  readonly captions: readonly string[];
  /** What is left out, and counted. */
  readonly filter: StreamFilter;
  /** Share of broken samples above which the run stops; default 0.01. */
  readonly maxBroken: number;
  /** Further hosts that may be reached, where the shards' own leads to them; none if left out. */
  readonly hosts?: readonly string[];
}

/** Filters of a stream; null = none. */
export interface StreamFilter {
  /** Least pixels of the shorter side. */
  readonly minSide: number | null;
  /** Largest ratio of the longer side to the shorter. */
  readonly maxAspect: number | null;
  /** Least words of a caption; captions with fewer are not drawn. */
  readonly minWords: number | null;
  /** A number in `key.json` that must be `min` or more, such as a similarity. */
  readonly score: { readonly field: string; readonly min: number } | null;
}

/** A model, and where its weights start. */
export interface ModelRecipe extends ModelSpec {
  /**
   * A model's folder (of export or import-weights) or a file of weights to start from; random if left
   * out. Position tables are fitted to the first stage, and the optimizer starts anew.
   */
  readonly init?: string;
}

/** The loss over a batch. */
export interface LossRecipe {
  /**
   * `softmax`: symmetric InfoNCE, the papers' loss. `sigmoid`: a decision for each pair of rows (SigLIP,
   * Zhai et al. 2023), with a learned bias; the similarity scale then starts at 10 unless the model says
   * otherwise.
   */
  readonly kind: "softmax" | "sigmoid";
  /** Initial value of the bias of `sigmoid`; default -10. */
  readonly biasInit?: number;
}

/** AdamW; new at every stage. */
export interface OptimizerRecipe {
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  /** Decoupled, multiplied by the learning rate. */
  readonly weightDecay: number;
  /**
   * What decays: `kernels` = weight matrices of the layers only (JAX); `matrices` = everything with
   * two or more dimensions, token and position tables included (PyTorch).
   */
  readonly decayed: "kernels" | "matrices";
  /** Largest norm of the whole gradient; null for no clipping. */
  readonly clipNorm: number | null;
  /**
   * Shortens a tensor's update when its gradient outruns the second moment, as StableAdamW does: the
   * largest root mean square of g / sqrt(v), 1 in Wortsman et al. 2023; left out for none.
   */
  readonly clipUpdate?: number;
  /** Averaging of the weights used for evaluation: `ema` with its decay, `tail` over the last share. */
  readonly averaging:
    | { readonly kind: "ema"; readonly decay: number }
    | { readonly kind: "tail"; readonly share: number }
    | null;
}

/** What a run does about steps that would harm it. */
export interface GuardsRecipe {
  readonly spike: SpikeRecipe;
}

/**
 * Spikes of the loss or of the gradient norm. A spike changes nothing; when they go on, the stage goes
 * back to an earlier checkpoint and leaves out the data between there and here.
 */
export interface SpikeRecipe {
  /** A spike lies so many standard deviations above the mean of the window. Default 6. */
  readonly sigma: number;
  /** Steps whose mean and deviation count; nothing is a spike before there are so many. Default 128. */
  readonly window: number;
  /** So many skipped steps, spikes or not finite, ... Default 3. */
  readonly skips: number;
  /** ... within so many steps, and the stage goes back. Default 50. */
  readonly within: number;
  /** Times that a stage goes back; once more ends the run with an error. Default 3. */
  readonly rewinds: number;
}

/** What is measured, and when. */
export interface EvalRecipe {
  /** Zero-shot benchmarks by name. */
  readonly benches: readonly string[];
  /** Designer families on which retrieval is measured. */
  readonly retrieval: readonly string[];
  /** Also evaluates during training, each time this many pairs were seen; null for the end only. */
  readonly everySamples: number | null;
}

/** How often the state of a run is saved. */
export interface CheckpointRecipe {
  /** Steps between checkpoints; null for one at the end of each stage. */
  readonly everySteps: number | null;
  /** Checkpoints kept on disk. */
  readonly keep: number;
}

/** One experiment with every field filled in, deeply frozen. */
export interface Recipe {
  /** Name of the run's folder. */
  readonly name: string;
  readonly data: DataRecipe;
  readonly model: ModelRecipe;
  readonly stages: readonly StageRecipe[];
  /** Default softmax. */
  readonly loss?: LossRecipe;
  readonly optimizer: OptimizerRecipe;
  /** Left out: only steps that are not finite are skipped. */
  readonly guards?: GuardsRecipe;
  readonly eval: EvalRecipe;
  /**
   * What the linear layers multiply, forward and backward; default float32. `bfloat16` rounds both
   * factors to 8 bits of mantissa, as the papers' mixed precision does; sums, weights and everything
   * else stay float32. Intel's AMX and GPUs have units for it; other processors compute the same
   * products with vectors.
   */
  readonly precision?: "float32" | "bfloat16";
  /** Seed of every random choice. */
  readonly seed: number;
  readonly checkpoint: CheckpointRecipe;
}
