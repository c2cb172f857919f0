import { FLAVOURS } from "../../config/flavours.ts";
import type { ModelSpec } from "../../config/model_spec.ts";
import { PRESETS } from "../../config/presets.ts";
import type { ModelShape } from "../../model/model_shape.ts";
import type { WeightTensors } from "./weight_file.ts";

/** What weights do not tell by themselves. */
export interface ModelOfWeightsOptions {
  /** Whose defaults fill the fields that leave no trace in shapes: pooling, GELU, eps and the like. */
  readonly flavour?: ModelSpec["flavour"];
  /** Heads of the towers; default those of the preset with these widths and depths. */
  readonly heads?: { readonly image: number; readonly text: number };
  /** Fields that are set by hand; they win. */
  readonly fields?: ModelFields;
}

/** Fields of a model that may be set by hand: those that leave no trace in shapes. */
export interface ModelFields {
  readonly image?: Partial<
    Pick<
      ModelSpec["image"],
      "pool" | "normBeforePool" | "layerScale" | "position" | "filter" | "pixels" | "heads"
    >
  >;
  readonly text?: Partial<Pick<ModelSpec["text"], "pool" | "causal" | "layerScale" | "heads">>;
  readonly gelu?: ModelSpec["gelu"];
  readonly layerNormEps?: number;
  readonly normEps?: number;
  readonly logitScaleMax?: number | null;
}

/**
 * The model that weights in open_clip's names belong to. Widths, depths, patch, token tables, class
 * token and `ln_pre` are read off the shapes. What leaves no trace there (pooling, causal mask, GELU, eps,
 * pixels, filter) is the flavour's: `jax` for weights without `ln_pre`, `torch` for others, unless it is
 * given; fields given by hand win. Factors of LayerScale are seen in the names. The image position table is `learned`, since it is what the file
 * holds.
 *
 * @throws {SyntaxError} when a tensor is missing or has an odd shape; {RangeError} when the heads cannot
 * be known, or the pooling of weights with `ln_pre`, which came with either.
 */
export function modelOfWeights(
  tensors: WeightTensors,
  path: string,
  options: ModelOfWeightsOptions = {},
): ModelShape {
  const shapeOf = (name: string, dimensions: number): readonly number[] => {
    const shape = tensors.get(name)?.shape;
    if (shape?.length === dimensions && shape.every((size) => size > 0)) return shape;
    throw new SyntaxError(
      `${path}: ${name} is ${
        shape ? `[${shape}]` : "missing"
      }; CLIP weights in open_clip's names have ` +
        `it with ${dimensions} dimensions. Seen: ${[...tensors.keys()].slice(0, 4).join(", ")}`,
    );
  };
  const tower = (root: string) => {
    let layers = 0;
    while (tensors.has(`${root}.resblocks.${layers}.ln_1.weight`)) layers++;
    const [mlp, width] = shapeOf(`${root}.resblocks.0.mlp.c_fc.weight`, 2);
    const scaled = tensors.has(`${root}.resblocks.0.ls_1.gamma`);
    // What the factors started from does not matter once there are weights; 1 is as if there were none.
    return { width, layers, mlp, ...(scaled ? { layerScale: 1 } : {}) };
  };
  const [, channels, patch] = shapeOf("visual.conv1.weight", 4);
  if (channels !== 3) {
    throw new SyntaxError(`${path}: pictures of ${channels} channels; allowed: 3`);
  }
  const image = tower("visual.transformer");
  const text = tower("transformer");
  const classToken = tensors.has("visual.class_embedding");
  const [rows] = shapeOf("visual.positional_embedding", 2);
  const grid = Math.sqrt(rows - (classToken ? 1 : 0));
  if (!Number.isInteger(grid)) {
    throw new SyntaxError(
      `${path}: ${rows} image positions are no square${classToken ? " and 1" : ""}`,
    );
  }
  const [, embed] = shapeOf("visual.proj", 2);
  const [vocabulary] = shapeOf("token_embedding.weight", 2);
  const [textTokens] = shapeOf("positional_embedding", 2);
  const preNorm = tensors.has("visual.ln_pre.weight");
  const flavour = options.flavour ?? (preNorm ? "torch" : "jax");
  const { image: imageFields, text: textFields, ...rest } = FLAVOURS[flavour];
  const { fields = {} } = options;
  if (preNorm && fields.image?.pool === undefined) {
    throw new RangeError(
      `${path}: weights with ln_pre do not tell how they pool; give --set image.pool=mean-with-cls (the ` +
        "first paper's L/16 and H/14) or image.pool=cls (its B/16, and most other CLIP weights)",
    );
  }
  const preset = presetOf(embed, { ...image, patch }, text);
  const heads = (side: "image" | "text", width: number): number => {
    const found = fields[side]?.heads ?? options.heads?.[side] ??
      (preset === null ? undefined : PRESETS[preset][side].heads);
    if (found === undefined) {
      throw new RangeError(
        `${path}: no preset has towers of width ${image.width} and ${text.width} with ${image.layers} and ` +
          `${text.layers} layers, so the number of heads is unknown; give --set ${side}.heads=N`,
      );
    }
    if (width % found === 0) return found;
    throw new RangeError(`${side}.heads: seen ${found}; allowed: a divisor of the width ${width}`);
  };
  return {
    imageSize: grid * patch,
    textTokens,
    spec: {
      ...rest,
      ...withoutTowers(fields),
      preset,
      flavour,
      embed,
      image: {
        ...imageFields,
        position: "learned",
        ...image,
        ...fields.image,
        patch,
        classToken,
        preNorm,
        heads: heads("image", image.width),
      },
      text: {
        ...textFields,
        ...text,
        ...fields.text,
        vocabulary,
        heads: heads("text", text.width),
      },
    },
  };
}

function withoutTowers({ image: _image, text: _text, ...rest }: ModelFields) {
  return rest;
}

interface Tower {
  readonly width: number;
  readonly layers: number;
  readonly mlp: number;
}

/** The preset with these towers, whatever its depth here: heads depend on widths alone. */
function presetOf(embed: number, image: Tower & { patch: number }, text: Tower): string | null {
  const same = (a: Tower, b: Tower) => a.width === b.width && a.mlp === b.mlp;
  const widths = Object.entries(PRESETS).filter(([, row]) =>
    row.embed === embed && same(row.image, image) && same(row.text, text)
  );
  const exact = widths.find(([, row]) =>
    row.image.patch === image.patch && row.image.layers === image.layers &&
    row.text.layers === text.layers
  );
  return (exact ?? widths[0])?.[0] ?? null;
}
