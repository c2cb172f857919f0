import { createHash } from "node:crypto";
import type { PinnedWheel } from "../../src/eval/imagenet/open_facts.ts";
import { makeZip } from "../checkpoint/foreign/make_zip.ts";

/** WordNet ids of the made-up ImageNet: that of the real one's first class, then counted on. */
export const WNIDS: readonly string[] = Array.from(
  { length: 1000 },
  (_, i) => `n${String(1440764 + 3 * i).padStart(8, "0")}`,
);

/** Labels of its parts: every fifth class. */
const PARTS = { a: 1, r: 2, o: 3 };

const list = (ids: readonly string[]) => ids.map((id) => `'${id}'`).join(", ");
const ofPart = (first: number) => WNIDS.filter((_, i) => i % 5 === first);
/** Names are `thing 0` to `thing 999`, but class 7 is called as class 4. */
export const nameOfLabel = (label: number): string => `thing ${label === 7 ? 4 : label}`;

const JSONS = {
  "en_classnames.json": {
    imagenet1k: WNIDS.map((_, i) => nameOfLabel(i)),
    pets: ["cat"],
  },
  "en_zeroshot_classification_templates.json": {
    imagenet1k: Array.from({ length: 80 }, (_, i) => `Photo_number ${i} of a {c}, here.`),
  },
};

/** Python source around the lists; the parts are in disorder, and one is a set. */
export const BUILDER = `
def build(name):
    if name == "imagenet-a":
        imagenet_a_wnids = [${list(ofPart(PARTS.a).toReversed())}]
        mask = [wnid in set(imagenet_a_wnids) for wnid in all_imagenet_wordnet_ids]
    imagenet_r_wnids = {${list(ofPart(PARTS.r))}}
    imagenet_o_wnids = [${list(ofPart(PARTS.o))}]

all_imagenet_wordnet_ids = [
    ${list(WNIDS)}
]
`;

/** Bytes of a wheel of these files. */
export function wheelBytes(builder = BUILDER): Uint8Array<ArrayBuffer> {
  const files = {
    "builder.py": builder,
    ...Object.fromEntries(
      Object.entries(JSONS).map(([name, value]) => [name, JSON.stringify(value)]),
    ),
  };
  return new Uint8Array(makeZip(
    Object.entries(files).map(([name, text]) => ({
      name: `clip_benchmark/datasets/${name}`,
      data: new TextEncoder().encode(text),
      packed: true,
    })),
  ));
}

/** Facts as they are written to the cache. */
const FACTS = `${
  JSON.stringify({
    wnids: WNIDS,
    classes: JSONS["en_classnames.json"].imagenet1k,
    templates: JSONS["en_zeroshot_classification_templates.json"].imagenet1k.map((text) =>
      text.replace("{c}", "{}")
    ),
    parts: Object.fromEntries(
      Object.entries(PARTS).map(([letter, first]) => [
        `imagenet-${letter}`,
        WNIDS.map((_, i) => i).filter((i) => i % 5 === first),
      ]),
    ),
  })
}\n`;

const hash = (data: string | Uint8Array) => createHash("sha256").update(data).digest("hex");

/** The made-up wheel, pinned. */
export const WHEEL: PinnedWheel = {
  name: "clip-benchmark",
  version: "0.0.0",
  file: "clip_benchmark-0.0.0-py3-none-any.whl",
  sha256: hash(wheelBytes()),
  facts: hash(FACTS),
};
