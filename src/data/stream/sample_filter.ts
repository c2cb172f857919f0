import type { StreamRecipe } from "../../config/recipe.ts";
import { pictureSize } from "../images/picture_size.ts";
import type { ShardSample } from "../shards/read_tar.ts";
import { cleanCaption, pictureOf } from "../shards/sample_parts.ts";

/** What a stream asks of a sample. */
export type SampleDemands = Pick<StreamRecipe, "captions" | "filter">;

/** A sample that goes on, or why it does not. */
export type Examined =
  | {
    readonly captions: readonly (readonly string[])[];
    /** The picture file; null where it was not read. */
    readonly picture: Uint8Array | null;
  }
  /** Left out by a filter. */
  | { readonly dropped: string }
  /** Damaged: no picture, or text that cannot be read. The reason stands before the first colon. */
  | { readonly broken: string };

/**
 * Looks at a sample before it enters the stream: its captions, its metadata, and the size of its
 * picture where a filter asks for it. The picture is not decoded.
 */
export async function examineSample(
  sample: ShardSample,
  { captions: fields, filter }: SampleDemands,
): Promise<Examined> {
  try {
    const picture = pictureOf(sample);
    const json = filter.score === null ? {} : readJson(sample);
    const { score, minWords, minSide, maxAspect } = filter;
    if (score !== null) {
      const value = Number(fieldOf(json, score.field) ?? NaN);
      if (Number.isNaN(value)) return { dropped: `no ${score.field}` };
      if (value < score.min) return { dropped: `${score.field} below ${score.min}` };
    }
    const found = captionsOfSample(sample, fields);
    if (found.length === 0) return { dropped: "no caption" };
    const captions = minWords === null ? found : found
      .map((list) => list.filter((text) => text.split(" ").length >= minWords))
      .filter((list) => list.length > 0);
    if (captions.length === 0) return { dropped: `fewer than ${minWords} words` };
    if (minSide !== null || maxAspect !== null) {
      const { width, height } = await pictureSize(picture);
      const short = Math.min(width, height);
      if (minSide !== null && short < minSide) return { dropped: `side below ${minSide}` };
      if (maxAspect !== null && Math.max(width, height) > maxAspect * short) {
        return { dropped: `aspect above ${maxAspect}` };
      }
    }
    return { captions, picture };
  } catch (error) {
    if (error instanceof SyntaxError) return { broken: error.message };
    throw error;
  }
}

/**
 * Captions of a sample by the field that they come from; fields without one are left out.
 *
 * @throws {SyntaxError} when a field that is asked for cannot be read.
 */
export function captionsOfSample(sample: ShardSample, fields: readonly string[]): string[][] {
  const json = fields.some((field) => field.startsWith("json.")) ? readJson(sample) : {};
  return fields.map((field) => captionsOf(sample, json, field)).filter((list) => list.length > 0);
}

/** Captions of a field: `txt` or another file of text, or `json.NAME`, a text or a list of texts. */
function captionsOf(sample: ShardSample, json: unknown, field: string): string[] {
  if (!field.startsWith("json.")) {
    const bytes = sample.files.get(field);
    return bytes === undefined ? [] : texts(decodeText(bytes));
  }
  const value = fieldOf(json, field.slice("json.".length));
  return Array.isArray(value) ? value.flatMap(texts) : texts(value);
}

function texts(value: unknown): string[] {
  const caption = typeof value === "string" ? cleanCaption(value) : "";
  return caption === "" ? [] : [caption];
}

function fieldOf(json: unknown, path: string): unknown {
  let value = json;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) {
      return undefined;
    }
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

function readJson({ files }: ShardSample): unknown {
  const bytes = files.get("json");
  if (bytes === undefined) return {};
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new SyntaxError("unreadable json: key.json is no JSON", { cause });
  }
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SyntaxError("unreadable text: not UTF-8", { cause });
  }
}
