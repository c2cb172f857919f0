import type { ParameterSpec } from "../tensor/parameter_store.ts";
import { imageBlockSpec, textBlockSpec } from "./block_specs.ts";
import { Initializers } from "./initializers.ts";
import { imageTokensOf, type ModelShape } from "./model_shape.ts";
import type { BlockType } from "./residual_block.ts";

// The JAX code never passes the text depth to its initialiser, so this one is always used there.
const JAX_TEXT_DEPTH = 12;

/**
 * All parameters of a model, with open_clip's names and layouts.
 *
 * @param decayed What weight decay applies to: `kernels` of layers only (the JAX code), or `matrices`,
 *   everything with two dimensions, token and position tables included (the PyTorch code).
 */
export function clipParameters(
  shape: ModelShape,
  seed: number,
  block: BlockType,
  decayed: "kernels" | "matrices",
): ParameterSpec[] {
  const { spec, textTokens } = shape;
  const { image, text, embed, flavour } = spec;
  const init = new Initializers(seed);
  const torch = flavour === "torch";
  const tables = decayed === "matrices";
  const make = (
    name: string,
    shapeOf: number[],
    decay: boolean,
    fill: ParameterSpec["init"],
  ): ParameterSpec => ({ name, shape: shapeOf, decay, init: fill });
  const norm = (name: string, width: number) => [
    make(`${name}.weight`, [width], false, init.ones),
    make(`${name}.bias`, [width], false, init.zeros),
  ];
  const specs: ParameterSpec[] = [];

  const columns = 3 * image.patch ** 2;
  specs.push(
    make(
      "visual.conv1.weight",
      [image.width, 3, image.patch, image.patch],
      true,
      init.normal(columns ** -0.5),
    ),
  );
  if (image.classToken) {
    const start = torch ? init.normal(image.width ** -0.5) : init.zeros;
    specs.push(make("visual.class_embedding", [image.width], false, start));
  }
  if (image.position === "learned") {
    const tokens = imageTokensOf(shape);
    specs.push(
      make(
        "visual.positional_embedding",
        [tokens, image.width],
        tables,
        init.normal(image.width ** -0.5),
      ),
    );
  }
  if (image.preNorm) specs.push(...norm("visual.ln_pre", image.width));
  for (let i = 0; i < image.layers; i++) {
    const start = init.xavierBlock(image.width, image.mlp);
    specs.push(
      ...block.parameters(`visual.transformer.resblocks.${i}`, imageBlockSpec(spec), start),
    );
  }
  specs.push(
    ...norm("visual.ln_post", image.width),
    make("visual.proj", [image.width, embed], true, init.normal(image.width ** -0.5)),
  );

  specs.push(
    make("token_embedding.weight", [text.vocabulary, text.width], tables, init.normal(0.02)),
    make("positional_embedding", [textTokens, text.width], tables, init.normal(0.01)),
  );
  for (let i = 0; i < text.layers; i++) {
    const start = init.clipBlock(text.width, torch ? text.layers : JAX_TEXT_DEPTH);
    specs.push(...block.parameters(`transformer.resblocks.${i}`, textBlockSpec(spec), start));
  }
  specs.push(
    ...norm("ln_final", text.width),
    make("text_projection", [text.width, embed], true, init.normal(text.width ** -0.5)),
    make("logit_scale", [1], false, init.constant(Math.log(spec.logitScaleInit))),
  );
  return specs;
}
