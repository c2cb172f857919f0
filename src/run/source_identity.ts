import { readPointer } from "../checkpoint/checkpoint_store.ts";
import { sha256 } from "../checkpoint/safetensors.ts";
import type { EncoderSource } from "./open_encoder.ts";

/**
 * SHA-256 of a model: the same for the same weights, shapes and tokenizer wherever the folder lies.
 *
 * @throws {Error} when there is no model.
 */
export function sourceIdentity({ kind, dir }: EncoderSource): string {
  // Both files hold the checksums of the weights.
  const files = kind === "run"
    ? ["recipe.yaml", "tokenizer.json", `checkpoints/${latest(dir)}/state.json`]
    : ["model.json"];
  return sha256(new TextEncoder().encode(files.map((file) => hashOf(`${dir}/${file}`)).join()));
}

function latest(dir: string): string {
  const name = readPointer(`${dir}/checkpoints`);
  if (name !== null) return name;
  throw new Error(`${dir} holds no checkpoint of a run; train it with "deno task train"`);
}

function hashOf(path: string): string {
  try {
    return sha256(Deno.readFileSync(path));
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new Error(
      `${path} is missing; give the folder of a run with --run, or of an exported ` +
        "model with --model",
      { cause },
    );
  }
}
