import { Flag, OpKind } from "../../native/op_kinds.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import type { ContrastiveResult } from "./contrastive.ts";
import { anyGradient, expectShape } from "./shapes.ts";

/**
 * The sigmoid loss of SigLIP (Zhai et al. 2023, algorithm 1): every pair of rows is a decision of its
 * own, 1/N sum_ij -log sigmoid(z (e^scale x_i·y_j + bias)), with z = 1 for the pairs of the batch and -1
 * for all others. Logits are computed in chunks, so memory grows with the batch, not with its square.
 *
 * @param image [total, width], normalised features of all ranks
 * @param text [total, width]
 * @param logitScale [1], natural logarithm of the scale; the paper starts it at ln 10
 * @param logitBias [1]; the paper starts it at -10, so that the many wrong pairs do not drown the rest
 * @param rows The image rows this rank owns; default all.
 */
export function sigmoidLoss(
  tape: Tape,
  image: Tensor,
  text: Tensor,
  logitScale: Tensor,
  logitBias: Tensor,
  rows?: { offset: number; count: number },
): ContrastiveResult {
  const [total, width] = image.shape;
  expectShape("sigmoidLoss", "text", text, [total, width]);
  expectShape("sigmoidLoss", "logitScale", logitScale, [1]);
  expectShape("sigmoidLoss", "logitBias", logitBias, [1]);
  const { offset, count } = rows ?? { offset: 0, count: total };
  if (offset < 0 || count < 1 || offset + count > total) {
    throw new TypeError(`sigmoidLoss: rows ${offset}+${count} of a batch of ${total}`);
  }
  const dims = [count, total, width, offset];
  const inputs = [image, text, logitScale, logitBias];
  const loss = tape.create([1], { requiresGradient: anyGradient(...inputs) });
  const hits = tape.create([2]);
  tape.emit(OpKind.SIGMOID_LOSS, { dims }, inputs, [loss, hits]);
  tape.node(loss, (gradient) => {
    const weight = gradient.constant();
    if (weight === null) {
      throw new Error("sigmoidLoss: the loss must be a root of backward, with a constant weight");
    }
    const dimage = tape.create(image.shape);
    const dtext = tape.create(text.shape);
    const scale = tape.gradientTarget(logitScale);
    const bias = tape.gradientTarget(logitBias);
    // One flag speaks for both scalars.
    if (scale.accumulate !== bias.accumulate) {
      throw new Error(
        "sigmoidLoss: scale and bias must both accumulate their gradients, or neither",
      );
    }
    tape.emit(
      OpKind.SIGMOID_LOSS_BACKWARD,
      { dims, scalars: [weight], flags: scale.accumulate ? Flag.ACCUMULATE : 0 },
      inputs,
      [dimage, dtext, scale.tensor, bias.tensor],
    );
    if (!logitScale.gradient) tape.addGradient(logitScale, scale.tensor);
    if (!logitBias.gradient) tape.addGradient(logitBias, bias.tensor);
    tape.addGradient(image, dimage);
    tape.addGradient(text, dtext);
  });
  return { loss, hits };
}
