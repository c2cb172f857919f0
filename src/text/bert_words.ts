import classes from "./bert_classes.json" with { type: "json" };
import { cleanClipCaption } from "./clean_clip_caption.ts";

/** Cuts a caption into the words of BERT, cleaned. */
export type SplitBertWords = (text: string) => string[];

const [SPACE, DROPPED, MARK, APART] = [
  classes.space,
  classes.dropped,
  classes.mark,
  classes.apart,
].map(classOf);

const OPEN_CLIP_DROPPED = new RegExp(`[${DROPPED}]+`, "gu");
const OPEN_CLIP_MARK = new RegExp(`[${MARK}]+`, "gu");
const OPEN_CLIP_WORD = new RegExp(`[${APART}]|[^${SPACE}${APART}]+`, "gu");

/**
 * Words as open_clip's tokenizer for CLIPA's weights cuts them: the caption mended as for OpenAI's
 * tokenizer, then the rules of the Rust library `tokenizers` for BERT uncased. Names of special tokens
 * in brackets stay whole.
 */
export const splitOpenClipWords: SplitBertWords = (text) =>
  cleanClipCaption(text).split(/(\[(?:PAD|UNK|CLS|SEP|MASK)\])/).flatMap((part, i) => {
    if (i % 2 === 1) return [part];
    const plain = isAscii(part)
      ? part
      : part.replace(OPEN_CLIP_DROPPED, "").normalize("NFD").replace(OPEN_CLIP_MARK, "");
    return lowerEach(plain).match(OPEN_CLIP_WORD) ?? [];
  });

/** Lower case, one character at a time: a Greek sigma at the end of a word stays an ordinary one. */
function lowerEach(text: string): string {
  return text.includes("Σ")
    ? Array.from(text, (c) => c.toLowerCase()).join("")
    : text.toLowerCase();
}

/** Blocks of ideographs, each of which is a word. */
const IDEOGRAPHS = "\\u4e00-\\u9fff\\u3400-\\u4dbf\\u{20000}-\\u{2a6df}\\u{2a700}-\\u{2ceaf}" +
  "\\uf900-\\ufaff\\u{2f800}-\\u{2fa1f}";
const JAX_APART = `!-/:-@\\[-\`{-~\\p{P}${IDEOGRAPHS}`;
/** Of white space only ASCII splits; other spaces have become that, or stay part of a word. */
const JAX_WORD = new RegExp(`[${JAX_APART}]|[^\\t\\n\\f\\r ${JAX_APART}]+`, "gu");

/**
 * Words as the JAX code cuts them (TensorFlow Text's `BertTokenizer` with `lower_case`): compatible
 * forms and case folded together (NFKC_Casefold), accents dropped, control characters are spaces.
 */
export const splitJaxWords: SplitBertWords = (text) => {
  const plain = isAscii(text)
    ? text.toLowerCase().replace(/\p{Cc}/gu, " ")
    : Array.from(text.toWellFormed(), foldCompatible).join("").normalize("NFC").normalize("NFD")
      .replace(/\p{Mn}+/gu, "").replace(/[\p{Cc}\p{Cf}]/gu, " ");
  return plain.match(JAX_WORD) ?? [];
};

const FOLDED = new Map<string, string>();

/** NFKC_Casefold of one character. */
function foldCompatible(character: string): string {
  if (character < "\x80") return character.toLowerCase();
  let folded = FOLDED.get(character);
  if (folded === undefined) {
    folded = character;
    for (let before = ""; folded !== before;) {
      before = folded;
      folded = Array.from(folded.normalize("NFKC"), fold).join("").normalize("NFKC")
        .replace(/\p{Default_Ignorable_Code_Point}/gu, "");
    }
    FOLDED.set(character, folded);
  }
  return folded;
}

/** Full case folding; Cherokee, which no vocabulary here has, would fold to capitals. */
function fold(character: string): string {
  if (character === "ı") return character;
  if (character === "ẞ") return "ss";
  return character.toUpperCase().toLowerCase();
}

function isAscii(text: string): boolean {
  return !/\P{ASCII}/u.test(text);
}

function classOf(ranges: string): string {
  return ranges.split(",").map((range) => range.split("-").map((code) => `\\u{${code}}`).join("-"))
    .join("");
}
