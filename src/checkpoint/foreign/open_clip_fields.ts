import { PIXEL_STATISTICS } from "../../model/clip_model.ts";
import type { ModelFields } from "./model_of_weights.ts";
import type { WeightTensors } from "./weight_file.ts";

type Json = Readonly<Record<string, unknown>>;

/** Keys of a tower that change nothing here: shapes tell them, or they matter in training only. */
const KNOWN = {
  vision_cfg: [
    ...["image_size", "layers", "width", "head_width", "mlp_ratio", "patch_size", "patch_dropout"],
    ...["no_ln_pre", "pool_type", "final_ln_after_pool", "pos_embed_type", "norm_kwargs"],
    ...["act_kwargs", "output_tokens", "ls_init_value"],
  ],
  text_cfg: [
    ...["context_length", "vocab_size", "width", "heads", "layers", "mlp_ratio", "pool_type"],
    ...["no_causal_mask", "norm_kwargs", "act_kwargs", "hf_tokenizer_name", "tokenizer_kwargs"],
    ...["pad_id", "output_tokens", "ls_init_value"],
  ],
} as const;

/**
 * What `open_clip_config.json` says about weights, as fields of a model: the model that open_clip would
 * compute. Where the file is silent that is open_clip's default: exact GELU, layer norm eps 1e-5.
 *
 * The released configuration of one CLIPA-v2 model lacks `final_ln_after_pool`; open_clip then puts the layer
 * norm before the mean, which those weights were not trained with. Weights without `ln_pre` are CLIPA-v2's
 * or of its kind, so such means are refused there, until the key says either.
 *
 * @param config The parsed file, with or without `model_cfg` around the towers.
 * @throws {RangeError} naming a key whose value this library does not compute, or that contradicts the
 * weights.
 */
export function openClipFields(config: unknown, tensors: WeightTensors, path: string): ModelFields {
  const cannot = (key: string, seen: unknown, allowed: string) =>
    new RangeError(`${path}: ${key}: seen ${JSON.stringify(seen)}; allowed: ${allowed}`);
  const whole = objectOf(config) ?? {};
  const model = objectOf(whole.model_cfg) ?? whole;
  const vision = objectOf(model.vision_cfg);
  const text = objectOf(model.text_cfg);
  if (!vision || !text) throw cannot("vision_cfg and text_cfg", Object.keys(model), "both");
  for (const [name, tower] of [["vision_cfg", vision], ["text_cfg", text]] as const) {
    const known: readonly string[] = KNOWN[name];
    const odd = Object.keys(tower).find((key) => !known.includes(key) && changes(tower[key]));
    if (odd) {
      throw cannot(`${name}.${odd}`, tower[odd], "not there; such towers are not computed here");
    }
  }
  const preNorm = tensors.has("visual.ln_pre.weight");
  if ((vision.no_ln_pre === true) === preNorm) {
    throw cannot("vision_cfg.no_ln_pre", vision.no_ln_pre, `${!preNorm}, as the weights are`);
  }
  const mean = vision.pool_type === "avg";
  if (!mean && (vision.pool_type ?? "tok") !== "tok") {
    throw cannot("vision_cfg.pool_type", vision.pool_type, "tok, avg");
  }
  const normBeforePool = mean && vision.final_ln_after_pool !== true;
  if (normBeforePool && !preNorm && vision.final_ln_after_pool !== false) {
    throw cannot(
      "vision_cfg.final_ln_after_pool",
      vision.final_ln_after_pool ?? null,
      "true or false; CLIPA-v2's weights were trained with true, and the file of G/14 at 336 pixels lacks " +
        "the key: add it, or leave the file out",
    );
  }
  const last = text.pool_type === "last";
  if (!last && (text.pool_type ?? "argmax") !== "argmax") {
    throw cannot("text_cfg.pool_type", text.pool_type, "argmax, last");
  }
  const quick = model.quick_gelu === true;
  const tanh = same(vision, text, "act_kwargs", "approximate", cannot) === "tanh";
  if (quick && tanh) throw cannot("quick_gelu", true, "false beside act_kwargs, or no act_kwargs");
  const width = Number(vision.width);
  const heads = width / Number(vision.head_width ?? 64);
  return {
    image: {
      heads,
      pool: mean ? "mean" : "cls",
      ...(normBeforePool ? { normBeforePool } : {}),
      ...layerScale("vision_cfg", vision, "visual.transformer", tensors, cannot),
      ...preprocessing(objectOf(whole.preprocess_cfg), cannot),
    },
    text: {
      heads: Number(text.heads),
      pool: last ? "last" : "eot",
      causal: text.no_causal_mask !== true,
      ...layerScale("text_cfg", text, "transformer", tensors, cannot),
    },
    gelu: quick ? "quick" : tanh ? "tanh" : "erf",
    layerNormEps: Number(same(vision, text, "norm_kwargs", "eps", cannot) ?? 1e-5),
    // PyTorch's normalisation.
    normEps: 1e-12,
  };
}

type Cannot = (key: string, seen: unknown, allowed: string) => RangeError;

/** A value that both towers have to share here. */
function same(vision: Json, text: Json, group: string, key: string, cannot: Cannot): unknown {
  const a = objectOf(vision[group])?.[key];
  const b = objectOf(text[group])?.[key];
  if (a === b) return a;
  throw cannot(`text_cfg.${group}.${key}`, b ?? null, `${a}, that of vision_cfg`);
}

/** Factors that the weights hold and the file must name, with the value they started from. */
function layerScale(
  name: string,
  tower: Json,
  root: string,
  tensors: WeightTensors,
  cannot: Cannot,
): { layerScale?: number } {
  const held = tensors.has(`${root}.resblocks.0.ls_1.gamma`);
  const start = tower.ls_init_value ?? null;
  if (!held && start === null) return {};
  if (held && typeof start === "number" && start > 0) return { layerScale: start };
  const allowed = held
    ? "a number above 0, since the weights have ls_1"
    : "not there, as in the weights";
  throw cannot(`${name}.ls_init_value`, start, allowed);
}

function preprocessing(config: Json | null, cannot: Cannot): ModelFields["image"] {
  if (!config) return {};
  const { mean, interpolation } = config;
  const name = (["imagenet", "openai"] as const).find((known) =>
    Array.isArray(mean) &&
    PIXEL_STATISTICS[known].slice(0, 3).every((value, i) => Math.abs(value - mean[i]) < 1e-6)
  );
  if (mean !== undefined && !name) {
    throw cannot("preprocess_cfg.mean", mean, "ImageNet's or OpenAI's");
  }
  if (interpolation !== undefined && interpolation !== "bilinear" && interpolation !== "bicubic") {
    throw cannot("preprocess_cfg.interpolation", interpolation, "bilinear, bicubic");
  }
  return {
    ...(name ? { pixels: name } : {}),
    ...(interpolation ? { filter: interpolation } : {}),
  };
}

/** Null, false, 0 and empty values leave open_clip's default as it is. */
function changes(value: unknown): boolean {
  return value !== null && value !== false && value !== 0 && value !== "";
}

function objectOf(value: unknown): Json | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Json
    : null;
}
