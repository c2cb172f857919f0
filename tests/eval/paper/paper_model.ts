import type { ClipModel } from "../../../src/model/clip_model.ts";
import type { NativeContext } from "../../../src/native/context.ts";
import type { ExportSource } from "../../../src/onnx/export_model.ts";
import type { EvalFit } from "../../../src/data/images/square_picture.ts";
import type { ResizeFilter } from "../../../src/data/images/resize_image.ts";
import { openNamedTokenizer } from "../../../src/text/named_tokenizer.ts";
import { exportSource, randomModel, smallShape } from "../../onnx/small_models.ts";

/** What a reference computes for one way of preparing pictures. */
export interface ReferenceRun {
  readonly fit: EvalFit;
  readonly filter: ResizeFilter;
  /** [pictures, classes] 100 times the cosines. */
  readonly logits: readonly number[];
  readonly acc1: number;
  readonly acc5: number;
  readonly meanPerClassRecall: number;
  /** Recalls by CLIP_benchmark's names. */
  readonly retrieval: Readonly<Record<string, number>>;
}

/** The golden file. */
export interface Reference {
  readonly made: string;
  readonly runs: readonly ReferenceRun[];
}

/** Ways of preparing pictures in the golden file. */
export const PREPARATIONS: readonly Pick<ReferenceRun, "fit" | "filter">[] = [
  { fit: "squash", filter: "bilinear" },
  { fit: "squash", filter: "bicubic" },
  { fit: "resize-crop", filter: "bicubic" },
  { fit: "resize-crop-0.875", filter: "bilinear" },
];

/** A small model with OpenAI's tokenizer and weights from a hash, and what an export needs of it. */
export function paperModel(context: NativeContext): { model: ClipModel; source: ExportSource } {
  const model = randomModel(
    context,
    smallShape({
      flavour: "torch",
      size: 32,
      textTokens: 16,
      image: { pool: "cls", position: "learned" },
      text: { vocabulary: 49_408 },
    }),
  );
  const tokenizer = openNamedTokenizer("clip-bpe", "torch");
  return { model, source: { ...exportSource(model), tokenizer } };
}
