import { Flag, OpKind } from "../../native/op_kinds.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { anyGradient, expectShape } from "./shapes.ts";

/** What {@linkcode contrastive} returns. */
export interface ContrastiveResult {
  /** [1]: this rank's share of the mean loss; with one rank the loss itself. */
  readonly loss: Tensor;
  /** [2]: image rows and text rows whose own partner scores strictly highest. */
  readonly hits: Tensor;
}

/**
 * Symmetric InfoNCE (CLIP): the mean of the two cross-entropies of the scaled similarity matrix.
 * Logits are computed in chunks with a running log-sum-exp, so memory grows with the batch, not
 * with its square.
 *
 * @param image [total, width], normalised features of all ranks
 * @param text [total, width]
 * @param logitScale [1], natural logarithm of the scale
 * @param rows The rows this rank owns; default all.
 */
export function contrastive(
  tape: Tape,
  image: Tensor,
  text: Tensor,
  logitScale: Tensor,
  rows?: { offset: number; count: number },
): ContrastiveResult {
  const [total, width] = image.shape;
  expectShape("contrastive", "text", text, [total, width]);
  expectShape("contrastive", "logitScale", logitScale, [1]);
  const { offset, count } = rows ?? { offset: 0, count: total };
  if (offset < 0 || count < 1 || offset + count > total) {
    throw new TypeError(`contrastive: rows ${offset}+${count} of a batch of ${total}`);
  }
  const dims = [count, total, width, offset];
  const loss = tape.create([1], { requiresGradient: anyGradient(image, text, logitScale) });
  const lseImage = tape.create([count]);
  const lseText = tape.create([count]);
  const hits = tape.create([2]);
  tape.emit(OpKind.CONTRASTIVE, { dims }, [image, text, logitScale], [
    loss,
    lseImage,
    lseText,
    hits,
  ]);
  tape.node(loss, (gradient) => {
    const weight = gradient.constant();
    if (weight === null) {
      throw new Error("contrastive: the loss must be a root of backward, with a constant weight");
    }
    const dimage = tape.create(image.shape);
    const dtext = tape.create(text.shape);
    const dscale = tape.gradientTarget(logitScale);
    tape.emit(
      OpKind.CONTRASTIVE_BACKWARD,
      { dims, scalars: [weight], flags: dscale.accumulate ? Flag.ACCUMULATE : 0 },
      [image, text, logitScale, lseImage, lseText],
      [dimage, dtext, dscale.tensor],
    );
    if (!logitScale.gradient) tape.addGradient(logitScale, dscale.tensor);
    tape.addGradient(image, dimage);
    tape.addGradient(text, dtext);
  });
  return { loss, hits };
}
