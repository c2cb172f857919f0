import { OpKind } from "../../src/native/op_kinds.ts";
import { contrastive } from "../../src/tensor/ops/contrastive.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import type { BatchLoss } from "../../src/train/train_step.ts";

/** A loss whose value is that of a tensor, [1]; its gradient is still that of the pairs. */
export function replacedLoss(value: Tensor): BatchLoss {
  return (tape, image, text, scale) => {
    const found = contrastive(tape, image, text, scale);
    tape.emit(OpKind.COPY, { dims: [1] }, [value], [found.loss]);
    return found;
  };
}
