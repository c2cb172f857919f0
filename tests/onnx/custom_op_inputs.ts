import { hashedIntegers, hashedPatches } from "../goldens/hashed.ts";
import { floats, type OpInputs, tensor } from "./run_custom_op.ts";

/** Inputs of PatchEmbed with mean and std folded in, and the unfolded weight. */
export function patchInputs(classToken: boolean, kept: boolean) {
  const [batch, side, patch, width] = [3, 12, 4, 19];
  const columns = 3 * patch * patch, patches = (side / patch) ** 2;
  const pixels = Uint8Array.from(hashedIntegers("pixels", batch * side * side * 3, 0, 256));
  const plain = floats("weight", [width, columns], -0.2, 0.2);
  const meanStd = new Float32Array([0.48, 0.46, 0.41, 0.27, 0.26, 0.28]);
  const weight = new Float32Array(plain.data.length);
  const bias = new Float32Array(width);
  for (let o = 0; o < width; o++) {
    for (let i = 0; i < columns; i++) {
      const channel = Math.floor(i / (patch * patch)), value = Number(plain.data[o * columns + i]);
      weight[o * columns + i] = value / (255 * meanStd[3 + channel]);
      bias[o] -= value * meanStd[channel] / meanStd[3 + channel];
    }
  }
  const inputs: OpInputs = {
    pixels: tensor(pixels, [batch, side, side, 3]),
    weight: tensor(weight, [width, columns]),
    bias: tensor(bias, [width]),
    class_token: classToken ? floats("class", [width]) : null,
    position: floats("position", [patches + (classToken ? 1 : 0), width]),
    kept: kept ? tensor(hashedPatches("kept", batch, 4, patches), [batch, 4]) : null,
  };
  return { inputs, patch, plain, meanStd };
}

/** Inputs of ResidualBlock by their names. */
export function blockInputs(
  batch: number,
  tokens: number,
  width: number,
  mlp: number,
  scaled = false,
): OpInputs {
  const fan = 1.5 / Math.sqrt(width);
  return {
    x: floats("x", [batch, tokens, width], -2, 2),
    gamma_1: floats("gamma_1", [width], 0.5, 1.5),
    beta_1: floats("beta_1", [width]),
    weight_qkv: floats("weight_qkv", [3 * width, width], -fan, fan),
    bias_qkv: floats("bias_qkv", [3 * width]),
    weight_out: floats("weight_out", [width, width], -fan, fan),
    bias_out: floats("bias_out", [width]),
    gamma_2: floats("gamma_2", [width], 0.5, 1.5),
    beta_2: floats("beta_2", [width]),
    weight_fc: floats("weight_fc", [mlp, width], -fan, fan),
    bias_fc: floats("bias_fc", [mlp]),
    weight_proj: floats("weight_proj", [width, mlp], -fan, fan),
    bias_proj: floats("bias_proj", [width]),
    scale_1: scaled ? floats("scale_1", [width]) : null,
    scale_2: scaled ? floats("scale_2", [width]) : null,
  };
}

/** Parameter names of the residual block, in the order of the op's inputs. */
export const PARAMETERS: Readonly<Record<string, string>> = {
  "ln_1.weight": "gamma_1",
  "ln_1.bias": "beta_1",
  "attn.in_proj_weight": "weight_qkv",
  "attn.in_proj_bias": "bias_qkv",
  "attn.out_proj.weight": "weight_out",
  "attn.out_proj.bias": "bias_out",
  "ln_2.weight": "gamma_2",
  "ln_2.bias": "beta_2",
  "mlp.c_fc.weight": "weight_fc",
  "mlp.c_fc.bias": "bias_fc",
  "mlp.c_proj.weight": "weight_proj",
  "mlp.c_proj.bias": "bias_proj",
  "ls_1.gamma": "scale_1",
  "ls_2.gamma": "scale_2",
};
