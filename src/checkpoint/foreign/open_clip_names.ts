import type { WeightTensors } from "./weight_file.ts";

/** What other programs put in front of every name. */
const PREFIXES = ["module.", "_orig_mod.", "model."];

/** Buffers and notes that are no weights. */
const NO_WEIGHTS = /(^|\.)(attn_mask|position_ids|input_resolution|context_length|vocab_size)$/;

/**
 * Brings names to open_clip's plain layout: prefixes of data-parallel training go, and the `text.` of
 * its custom-text layout.
 *
 * @throws {SyntaxError} when two names become one.
 */
export function openClipNames(tensors: WeightTensors): WeightTensors {
  let entries = [...tensors].filter(([name]) => !NO_WEIGHTS.test(name));
  for (let more = true; more;) {
    more = false;
    for (const prefix of PREFIXES) {
      if (entries.length === 0 || !entries.every(([name]) => name.startsWith(prefix))) continue;
      entries = entries.map(([name, tensor]) => [name.slice(prefix.length), tensor]);
      more = true;
    }
  }
  const custom = entries.some(([name]) => name === "text.token_embedding.weight");
  const plain = new Map<string, (typeof entries)[number][1]>();
  for (const [name, tensor] of entries) {
    const short = custom && name.startsWith("text.") ? name.slice("text.".length) : name;
    if (plain.has(short)) {
      throw new SyntaxError(`the weights hold ${short} twice, once as ${name}; save them anew`);
    }
    plain.set(short, tensor);
  }
  return plain;
}
