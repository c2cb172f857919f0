import { Flag, OpKind } from "../../native/op_kinds.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { anyGradient, expectShape } from "./shapes.ts";

/**
 * Cuts uint8 pictures into normalised patches, (v/255 - mean) / std. Only kept patches are read.
 *
 * @param pixels u8 [batch, height, width, 3]
 * @param meanStd [6]: mean of red, green, blue, then their standard deviations.
 * @param kept i32 [batch, kept], row-major patch numbers; default all patches.
 * @returns [batch, kept, 3 * patch * patch], channel-major as in a convolution kernel.
 */
export function patchify(
  tape: Tape,
  pixels: Tensor,
  meanStd: Tensor,
  patch: number,
  kept?: Tensor,
): Tensor {
  const [batch, height, width] = pixels.shape;
  expectShape("patchify", "pixels", pixels, [batch, height, width, 3]);
  if (height % patch !== 0 || width % patch !== 0) {
    throw new TypeError(`patchify: patch ${patch} does not divide the picture ${height}x${width}`);
  }
  const grid = (height / patch) * (width / patch);
  const count = kept ? kept.shape[1] : grid;
  const y = tape.create([batch, count, 3 * patch * patch]);
  tape.emit(
    OpKind.PATCHIFY,
    { dims: [batch, height, width, patch, count] },
    [pixels, meanStd, kept ?? null],
    [y],
  );
  return y;
}

/**
 * Puts the class token in front and adds positions.
 *
 * @param x [batch, kept, width]
 * @param options.cls [width]
 * @param options.position [positions, width]; row 0 belongs to the class token when there is one.
 * @param options.kept i32 [batch, kept]: which patch each row is.
 * @returns [batch, kept (+ 1), width]
 */
export function assembleTokens(
  tape: Tape,
  x: Tensor,
  options: { cls?: Tensor; position?: Tensor; kept?: Tensor },
): Tensor {
  const { cls, position, kept } = options;
  const [batch, count, width] = x.shape;
  const positions = position ? position.shape[0] : 0;
  if (cls) expectShape("assembleTokens", "cls", cls, [width]);
  if (position) expectShape("assembleTokens", "position", position, [positions, width]);
  const tokens = count + (cls ? 1 : 0);
  if (position && !kept && positions !== tokens) {
    throw new TypeError(`assembleTokens: ${positions} positions for ${tokens} tokens`);
  }
  const dims = [batch, count, width, positions];
  const y = tape.create([batch, tokens, width], {
    requiresGradient: anyGradient(x, cls, position),
  });
  const reads = [x, cls ?? null, position ?? null, kept ?? null];
  tape.emit(OpKind.ASSEMBLE_TOKENS, { dims }, reads, [y]);
  tape.node(y, (gradient) => {
    const dcls = cls?.requiresGradient ? tape.gradientTarget(cls) : null;
    const dposition = position?.requiresGradient ? tape.gradientTarget(position) : null;
    const accumulate = (dcls ?? dposition)?.accumulate ?? false;
    const dx = tape.create(x.shape);
    const flags = (cls ? Flag.CLASS_TOKEN : 0) | (accumulate ? Flag.ACCUMULATE : 0);
    tape.emit(
      OpKind.ASSEMBLE_TOKENS_BACKWARD,
      { dims, flags },
      [gradient.tensor(), kept ?? null],
      [dx, dcls?.tensor ?? null, dposition?.tensor ?? null],
    );
    tape.addGradient(x, dx);
    if (cls && dcls && !cls.gradient) tape.addGradient(cls, dcls.tensor);
    if (position && dposition && !position.gradient) {
      tape.addGradient(position, dposition.tensor);
    }
  });
  return y;
}
