import assert from "node:assert/strict";
import { decodeImage } from "../../src/data/images/decode_image.ts";
import { decodeScaled, type ScaledPicture } from "../../src/data/images/scaled_jpeg.ts";
import type { Shrink } from "../../src/data/images/vips_jpeg.ts";
import golden from "./goldens/decode.json" with { type: "json" };

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

/** What the fields of `goldens/decode.json` mean; all pixels are base64 of uint8. */
interface GoldenFile {
  name: string;
  size: number[];
  file: string;
  /** `convert("RGB")` */
  rgb: string;
  /** Of pictures with transparent places. */
  rgba?: string;
  /** The upper byte of grey of 16 bits. */
  high?: string;
}

/** The pixels of a file as RGB. */
async function rgbOf({ name, size, file }: GoldenFile): Promise<Uint8Array> {
  const { width, height, channels, pixels } = await decodeImage(bytesOf(file));
  assert.deepEqual([width, height], size, name);
  return channels === 3
    ? pixels
    : Uint8Array.from([...pixels].flatMap((value) => [value, value, value]));
}

const files: GoldenFile[] = golden.files;
const clear = files.filter(({ rgba }) => rgba !== undefined);
const deep = files.filter(({ high }) => high !== undefined);

Deno.test("decodeImage gives the very pixels of Pillow's convert('RGB') for every other kind of file", async () => {
  const plain = files.filter((file) => !clear.includes(file) && !deep.includes(file));
  assert.ok(plain.length >= 22);
  for (const file of plain) {
    assert.deepEqual(await rgbOf(file), bytesOf(file.rgb), file.name);
  }
});

Deno.test("decodeImage shows transparent places as white paper, where Pillow shows what lies under them", async () => {
  assert.equal(clear.length, 7);
  for (const file of clear) {
    const rgba = bytesOf(file.rgba!);
    const seen = await rgbOf(file);
    seen.forEach((value, i) => {
      const at = 4 * Math.floor(i / 3), alpha = rgba[at + 3];
      const paper = (rgba[at + i % 3] * alpha + 255 * (255 - alpha)) / 255;
      // Pillow has cut colours and alpha of 16 bits to 8 before they are mixed here.
      const most = file.name.endsWith("16") ? 2 : 1;
      assert.ok(Math.abs(value - paper) <= most, `${file.name}, ${i}: ${value} for ${paper}`);
    });
    assert.notDeepEqual(seen, bytesOf(file.rgb), `${file.name}: nothing is transparent`);
  }
});

Deno.test("decodeImage keeps the upper byte of grey of 16 bits, where Pillow cuts off at 255", async () => {
  assert.equal(deep.length, 1);
  for (const file of deep) {
    const high = bytesOf(file.high!);
    const wanted = Uint8Array.from([...high].flatMap((value) => [value, value, value]));
    assert.deepEqual(await rgbOf(file), wanted, file.name);
    const white = bytesOf(file.rgb).filter((value) => value === 255).length;
    assert.ok(white > 0.9 * wanted.length, "what Pillow gives is nearly white");
  }
});

Deno.test("decodeScaled gives the very pixels of Pillow's draft mode, but for an edge that is no whole block", async () => {
  for (const { name, shrink, file, size: [wide, high], channels, pixels } of golden.scaled) {
    const seen: ScaledPicture = await decodeScaled(bytesOf(file), () => shrink as Shrink);
    const { width, height, full } = seen;
    assert.deepEqual([seen.shrink, seen.channels], [shrink, channels], name);
    assert.deepEqual([width, height], [full.width, full.height].map((n) => Math.floor(n / shrink)));
    assert.ok(wide - width <= 1 && high - height <= 1);
    const wanted = bytesOf(pixels);
    for (let y = 0; y < height; y++) {
      const line = y * wide * channels, own = y * width * channels;
      const end = width * channels;
      assert.deepEqual(
        seen.pixels.subarray(own, own + end),
        wanted.subarray(line, line + end),
        `${name} / ${shrink}, row ${y}`,
      );
    }
  }
});
