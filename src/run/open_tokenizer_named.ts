import { type CaptionTokenizer, TOKENIZER_KINDS } from "../text/caption_tokenizer.ts";
import { openNamedTokenizer } from "../text/named_tokenizer.ts";
import type { TokenFlavour } from "../text/token_rules.ts";
import { loadTokenizer } from "../text/tokenizer_file.ts";

/**
 * A tokenizer by the name of a released model's, or by the path of a file that an export wrote.
 *
 * @throws {RangeError} when it is neither.
 */
export function openTokenizerNamed(nameOrPath: string, flavour: TokenFlavour): CaptionTokenizer {
  const kind = TOKENIZER_KINDS.find((name) => name === nameOrPath);
  if (kind !== undefined && kind !== "icons") return openNamedTokenizer(kind, flavour);
  try {
    return loadTokenizer(nameOrPath);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    const names = TOKENIZER_KINDS.filter((name) => name !== "icons").join(", ");
    throw new RangeError(
      `tokenizer: seen "${nameOrPath}"; allowed: ${names}, or the path of a tokenizer.json`,
      { cause },
    );
  }
}
