import sharp from "sharp";
import { hashedIntegers } from "../../goldens/hashed.ts";
import { type SampleFiles, writeShard } from "../../data/shard_fixture.ts";

/** Class names in index order; two classes share one, as in ImageNet. */
export const CLASSES: readonly string[] = [
  "tench",
  "great white shark",
  "missile",
  "sunglasses, dark glasses",
  "academic gown",
  "missile",
  "Ibizan hound",
];

/** Prompts as CLIP_benchmark's layout has them. */
export const TEMPLATES: readonly string[] = [
  "a bad photo of a {c}.",
  "a close-up photo of the {c}.",
  "itap of my {c}.",
];

/** Pictures of the layouts. */
export const PICTURES = 24;

/** Pictures of the first of two shards. */
export const FIRST_SHARD = 15;

/** Kinds of files; JPEG is not exact, so that it stands for itself. */
export const KINDS = ["png", "webp", "jpg"] as const;

/** Class of a picture; each class has some. */
export const labelOf = (picture: number): number => picture % CLASSES.length;
/** Kind of a picture's file. */
export const kindOf = (picture: number) => KINDS[picture % 8 === 7 ? 2 : picture % 2];

/** Captions of a picture: three to five. */
export function captionsFor(picture: number): string[] {
  const colours = ["red", "green", "blue", "small", "old"];
  return colours.slice(0, 3 + picture % 3)
    .map((word, i) => `A ${word} ${CLASSES[labelOf(picture)]} number ${picture}, seen ${i} times.`);
}

/** A picture of coarse coloured fields with a little noise; sides and formats vary. */
export async function pictureFile(picture: number): Promise<Uint8Array> {
  const width = 30 + 7 * (picture % 5), height = 30 + 11 * (picture % 4);
  const fields = hashedIntegers(`fields ${picture}`, 27, 0, 256);
  const noise = hashedIntegers(`noise ${picture}`, width * height * 3, -12, 13);
  const pixels = new Uint8ClampedArray(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const field = Math.floor(3 * y / height) * 3 + Math.floor(3 * x / width);
      for (let c = 0; c < 3; c++, at++) pixels[at] = fields[field * 3 + c] + noise[at];
    }
  }
  const raw = { width, height, channels: 3 as const };
  const image = sharp(new Uint8Array(pixels.buffer), { raw });
  const kind = kindOf(picture);
  const encoded = kind === "png"
    ? image.png()
    : kind === "webp"
    ? image.webp({ lossless: true })
    : image.jpeg({ quality: 92 });
  return new Uint8Array(await encoded.toBuffer());
}

/** Writes CLIP_benchmark's layout with two shards, for classification or for retrieval. */
export async function writeClipBenchmark(
  dir: string,
  type: "classification" | "retrieval",
): Promise<void> {
  Deno.mkdirSync(`${dir}/test`, { recursive: true });
  const shards: Record<string, SampleFiles>[] = [{}, {}];
  for (let picture = 0; picture < PICTURES; picture++) {
    const beside: SampleFiles = type === "retrieval"
      ? { txt: captionsFor(picture).join("\n") }
      : { cls: `${labelOf(picture)}` };
    const file = { [kindOf(picture)]: await pictureFile(picture) };
    shards[picture < FIRST_SHARD ? 0 : 1][`s${String(picture).padStart(7, "0")}`] = {
      ...file,
      ...beside,
    };
  }
  shards.forEach((samples, i) => writeShard(`${dir}/test/${i}.tar`, samples));
  Deno.writeTextFileSync(`${dir}/test/nshards.txt`, "2\n");
  if (type === "retrieval") Deno.writeTextFileSync(`${dir}/dataset_type.txt`, "retrieval\n");
  else {
    Deno.writeTextFileSync(`${dir}/classnames.txt`, `${CLASSES.join("\n")}\n`);
    const path = `${dir}/zeroshot_classification_templates.txt`;
    Deno.writeTextFileSync(path, `${TEMPLATES.join("\n")}\n`);
  }
}
