/** Op kinds of `clipa.h`, without their prefix; a test compares names and numbers. */
export const OpKind = {
  FILL: 1,
  COPY: 2,
  ADD: 3,
  MUL: 4,
  SCALE: 5,
  AVERAGE: 6,
  UNARY: 7,
  UNARY_BACKWARD: 8,
  COLUMN_SUM: 9,
  SOFTMAX: 10,
  SOFTMAX_BACKWARD: 11,
  LINEAR: 20,
  LINEAR_BACKWARD_INPUT: 21,
  LINEAR_BACKWARD_WEIGHT: 22,
  LAYER_NORM: 30,
  LAYER_NORM_BACKWARD: 31,
  RESIDUAL_LAYER_NORM: 32,
  RESIDUAL_LAYER_NORM_BACKWARD: 33,
  ATTENTION: 40,
  ATTENTION_BACKWARD: 41,
  EMBEDDING: 50,
  EMBEDDING_BACKWARD: 51,
  PATCHIFY: 52,
  ASSEMBLE_TOKENS: 53,
  ASSEMBLE_TOKENS_BACKWARD: 54,
  POOL: 60,
  POOL_BACKWARD: 61,
  L2_NORMALIZE: 62,
  L2_NORMALIZE_BACKWARD: 63,
  CONTRASTIVE: 70,
  CONTRASTIVE_BACKWARD: 71,
  SIGMOID_LOSS: 72,
  SIGMOID_LOSS_BACKWARD: 73,
  GRADIENT_NORM: 80,
  ADAMW: 81,
  CLAMP: 82,
  UPDATE_EXCESS: 83,
  FORK: 90,
  JOIN: 91,
} as const;

/** Flags of ops, as in `clipa.h`. */
export const Flag = {
  GELU_ERF: 1,
  GELU_TANH: 2,
  RELU: 3,
  SIGMOID: 4,
  TANH: 5,
  GELU_QUICK: 6,
  ACTIVATION: 15,
  ACCUMULATE: 16,
  CAUSAL: 32,
  NORM_ADD_EPS: 64,
  IN_OUT: 128,
  CLASS_TOKEN: 256,
  SIDE: 512,
} as const;

/** Poolings of the pool op, as in `clipa.h`. */
export const Pool = { CLS: 0, MEAN: 1, MEAN_PATCHES: 2, LAST: 3, ARGMAX: 4 } as const;

/** Slots of the step block, as in `clipa.h`. */
export const StepSlot = {
  LEARNING_RATE: 0,
  BETA1: 1,
  BETA2: 2,
  EPSILON: 3,
  BIAS_CORRECTION1: 4,
  BIAS_CORRECTION2: 5,
  CLIP_NORM: 6,
  LOGIT_SCALE_MIN: 7,
  LOGIT_SCALE_MAX: 8,
  AVERAGE_DECAY: 9,
  GRADIENT_NORM: 10,
  CLIP_FACTOR: 11,
  SKIP: 12,
  LOSS_LIMIT: 13,
  NORM_LIMIT: 14,
  SLOTS: 16,
} as const;

/** Why a step is skipped, as in `clipa.h`. */
export const Skip = { NO: 0, GRADIENT: 1, LOSS: 2, LOSS_LIMIT: 3, NORM_LIMIT: 4 } as const;
