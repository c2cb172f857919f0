import { Flag } from "../../native/op_kinds.ts";

/** Activations of {@linkcode unary}; the three GELUs also fuse into {@linkcode linear}. */
export type Activation = "gelu-erf" | "gelu-tanh" | "gelu-quick" | "relu" | "sigmoid" | "tanh";

/** The activations that a linear layer can apply in its epilogue. */
export type Gelu = "gelu-erf" | "gelu-tanh" | "gelu-quick";

/** The op flag of an activation. */
export const ACTIVATION_FLAGS: Readonly<Record<Activation, number>> = {
  "gelu-erf": Flag.GELU_ERF,
  "gelu-tanh": Flag.GELU_TANH,
  "gelu-quick": Flag.GELU_QUICK,
  relu: Flag.RELU,
  sigmoid: Flag.SIGMOID,
  tanh: Flag.TANH,
};
