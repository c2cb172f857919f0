import { classEmbeddings } from "../class_embeddings.ts";
import { embedTexts } from "../embed_texts.ts";
import type { EvalEncoder } from "../eval_encoder.ts";
import { type PromptSet, promptsOf } from "../prompts/prompt_set.ts";
import { checkFinite } from "./source_options.ts";

/** Prompts embedded at once, about: 1000 classes with 80 prompts each need not be in memory together. */
const PROMPTS = 512;

/** One embedding for each class. */
export interface ClassTargets {
  /** [classes, width] Unit vectors; equal names have equal bits. */
  readonly features: Float32Array;
  /** Share of the prompts that were cut, 0 to 1. */
  readonly truncated: number;
}

/**
 * Class embeddings from a set of prompts: the mean of the prompts' unit vectors, made a unit vector again.
 * Each name is embedded once: classes of the same name have the very same embedding.
 */
export async function classTargets(
  encoder: EvalEncoder,
  classes: readonly string[],
  prompts: PromptSet,
  signal?: AbortSignal,
): Promise<ClassTargets> {
  const { width } = encoder;
  const names = [...new Set(classes)];
  const group = Math.max(1, Math.floor(PROMPTS / prompts.templates.length));
  const rows = new Map<string, Float32Array>();
  let cut = 0;
  for (let first = 0; first < names.length; first += group) {
    const own = names.slice(first, first + group);
    const texts = own.flatMap((name) => promptsOf(prompts, name));
    const { features, truncated } = await embedTexts(encoder, texts, signal);
    checkFinite(features, "prompts");
    cut += Math.round(truncated * texts.length);
    const means = classEmbeddings(features, prompts.templates.length, width);
    own.forEach((name, i) => rows.set(name, means.slice(i * width, (i + 1) * width)));
  }
  const features = new Float32Array(classes.length * width);
  classes.forEach((name, i) => features.set(rows.get(name)!, i * width));
  return { features, truncated: cut / (names.length * prompts.templates.length) };
}
