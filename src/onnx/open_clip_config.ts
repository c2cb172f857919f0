import { PIXEL_STATISTICS } from "../model/clip_model.ts";
import type { ModelShape } from "../model/model_shape.ts";
import type { TokenizerKind } from "../text/caption_tokenizer.ts";

/**
 * The `open_clip_config.json` that belongs to a model's weights, with the fields of open_clip 3.
 *
 * @param tokenizer open_clip has OpenAI's and BERT's; the ids of a code for icons are for its users to make.
 * @param logitBias The bias of a model that was trained with the sigmoid loss.
 * @throws {RangeError} when open_clip cannot compute this model; names the field.
 */
export function openClipConfig(
  { spec, imageSize, textTokens }: ModelShape,
  logitBias?: number,
  tokenizer: TokenizerKind = "icons",
): unknown {
  const { image, text, layerNormEps, gelu } = spec;
  const cannot = (field: string, seen: unknown, allowed: string) =>
    new RangeError(
      `${field}: seen ${seen}; open_clip computes only ${allowed}; choose --form safetensors or portable`,
    );
  // open_clip's transformer always has a class token, and its means (`pool_type: avg`) always leave it out.
  if (!image.classToken) throw cannot("model.image.classToken", false, "towers with a class token");
  if (image.pool === "mean-with-cls") {
    throw cannot("model.image.pool", image.pool, "cls, or mean without the class token");
  }
  const scale = (start?: number) => start === undefined ? {} : { ls_init_value: start };
  const layer = {
    norm_kwargs: { eps: layerNormEps },
    ...(gelu === "tanh" ? { act_kwargs: { approximate: "tanh" } } : {}),
  };
  const values = PIXEL_STATISTICS[image.pixels];
  return {
    model_cfg: {
      embed_dim: spec.embed,
      ...(logitBias === undefined ? {} : { init_logit_bias: logitBias }),
      ...(gelu === "quick" ? { quick_gelu: true } : {}),
      vision_cfg: {
        image_size: imageSize,
        layers: image.layers,
        width: image.width,
        head_width: image.width / image.heads,
        mlp_ratio: image.mlp / image.width,
        patch_size: image.patch,
        no_ln_pre: !image.preNorm,
        pool_type: image.pool === "cls" ? "tok" : "avg",
        final_ln_after_pool: image.normBeforePool !== true,
        ...scale(image.layerScale),
        pos_embed_type: "learnable",
        ...layer,
      },
      text_cfg: {
        context_length: textTokens,
        vocab_size: text.vocabulary,
        // Of both BERT modes open_clip knows only that which strips [SEP].
        ...(tokenizer.startsWith("bert")
          ? {
            hf_tokenizer_name: "bert-base-uncased",
            tokenizer_kwargs: { strip_sep_token: true },
          }
          : {}),
        width: text.width,
        heads: text.heads,
        layers: text.layers,
        mlp_ratio: text.mlp / text.width,
        pool_type: text.pool === "eot" ? "argmax" : "last",
        no_causal_mask: !text.causal,
        ...scale(text.layerScale),
        ...layer,
      },
    },
    preprocess_cfg: {
      mean: values.slice(0, 3),
      std: values.slice(3),
      interpolation: image.filter,
      resize_mode: "squash",
    },
  };
}
