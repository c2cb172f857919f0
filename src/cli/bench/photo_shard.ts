/** What {@linkcode writePhotos} writes. */
export interface PhotoShard {
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly pictures: number;
  /** Files that differ; the others repeat them. Default all. */
  readonly different?: number;
}

/** A webdataset tar of JPEGs of smooth noise with a caption each; the same bytes every time. */
export async function writePhotos(
  { path, width, height, pictures, different = pictures }: PhotoShard,
): Promise<string> {
  const { default: sharp } = await import("sharp");
  const { createShardWriter } = await import("../../data/shards/write_tar.ts");
  const small = {
    width: Math.ceil(width / 10),
    height: Math.ceil(height / 10),
    channels: 3,
  } as const;
  const files = await Promise.all(
    Array.from({ length: different }, async (_, i) => {
      const raw = small;
      const pixels = noise(i, small.width * small.height * 3);
      return new Uint8Array(
        await sharp(pixels, { raw }).resize(width, height).jpeg({ quality: 85 }).toBuffer(),
      );
    }),
  );
  const encoder = new TextEncoder();
  using shard = createShardWriter(path);
  for (let i = 0; i < pictures; i++) {
    const caption = `a picture with the number ${i} of ${
      path.slice(-9)
    } and some words of a caption`;
    shard.add(String(i), [["jpg", files[i % different]], ["txt", encoder.encode(caption)]]);
  }
  shard.close();
  return path;
}

/** The same bytes every time. */
function noise(seed: number, length: number): Uint8Array<ArrayBuffer> {
  let state = seed + 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}
