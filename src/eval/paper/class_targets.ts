import { classEmbeddings } from "../class_embeddings.ts";
import { embedTexts } from "../embed_texts.ts";
import type { EvalEncoder } from "../eval_encoder.ts";
import { type PromptSet, promptsOf } from "../prompts/prompt_set.ts";
import type { PartialStore } from "./partial_store.ts";
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

/** Names whose embeddings are kept together: a stop costs the prompts of these at most. */
const KEPT = 48;

/** Options of {@linkcode classTargets}. */
export interface TargetOptions {
  /** Where finished names are kept; null keeps none. */
  readonly store?: PartialStore | null;
  readonly signal?: AbortSignal;
  /** Called with the prompts that are done, of all. */
  readonly onPrompts?: (done: number, total: number) => void;
}

/**
 * Class embeddings from a set of prompts: the mean of the prompts' unit vectors, made a unit vector again.
 * Each name is embedded once: classes of the same name have the very same embedding. With a large text
 * tower 80,000 prompts take long, so finished names are kept.
 *
 * @throws {Error} when an embedding is not a finite number.
 */
export async function classTargets(
  encoder: EvalEncoder,
  classes: readonly string[],
  prompts: PromptSet,
  options: TargetOptions = {},
): Promise<ClassTargets> {
  const { width } = encoder;
  const { store, onPrompts } = options;
  const names = [...new Set(classes)];
  const each = prompts.templates.length;
  const rows = new Map<string, Float32Array>();
  let cut = 0;
  for (let first = 0; first < names.length; first += KEPT) {
    const own = names.slice(first, first + KEPT);
    const part = `classes-${first}`;
    const kept = store?.read(part, "");
    const whole = kept?.arrays.features?.length === own.length * width;
    const found = whole
      ? { features: kept.arrays.features, cut: Number(kept.notes) }
      : await embedNames(encoder, own, prompts, {
        ...options,
        onPrompts: (done) => onPrompts?.(first * each + done, names.length * each),
      });
    if (!whole) store?.write(part, "", { arrays: { features: found.features }, notes: found.cut });
    cut += found.cut;
    own.forEach((name, i) => rows.set(name, found.features.slice(i * width, (i + 1) * width)));
    onPrompts?.((first + own.length) * each, names.length * each);
  }
  const features = new Float32Array(classes.length * width);
  classes.forEach((name, i) => features.set(rows.get(name)!, i * width));
  return { features, truncated: cut / (names.length * each) };
}

/** Embeddings of names, [names, width], and how many of their prompts were cut. */
async function embedNames(
  encoder: EvalEncoder,
  names: readonly string[],
  prompts: PromptSet,
  { signal, onPrompts }: TargetOptions,
): Promise<{ features: Float32Array; cut: number }> {
  const { width } = encoder;
  const each = prompts.templates.length;
  const group = Math.max(1, Math.floor(PROMPTS / each));
  const all = new Float32Array(names.length * width);
  let cut = 0;
  for (let first = 0; first < names.length; first += group) {
    const own = names.slice(first, first + group);
    const texts = own.flatMap((name) => promptsOf(prompts, name));
    const { features, truncated } = await embedTexts(encoder, texts, signal);
    checkFinite(features, "prompts");
    cut += Math.round(truncated * texts.length);
    all.set(classEmbeddings(features, each, width), first * width);
    onPrompts?.((first + own.length) * each, names.length * each);
  }
  return { features: all, cut };
}
