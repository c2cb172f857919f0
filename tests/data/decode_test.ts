import assert from "node:assert/strict";
import sharp from "sharp";
import { decodeImage } from "../../src/data/images/decode_image.ts";
import { grayPng } from "./shard_fixture.ts";

const WIDTH = 6, HEIGHT = 4;
const raw = (channels: 3 | 4) => ({ raw: { width: WIDTH, height: HEIGHT, channels } }) as const;
const RGB = Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => i * 3);

/** A picture whose colours differ little, so that lossy formats stay close. */
const SMOOTH = Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => 100 + (i % 3) * 20);

Deno.test("decodeImage gives the very pixels when the format is lossless", async () => {
  const forms = {
    png: sharp(RGB, raw(3)).png(),
    palette: sharp(RGB, raw(3)).png({ palette: true }),
    webp: sharp(RGB, raw(3)).webp({ lossless: true }),
  };
  for (const [name, form] of Object.entries(forms)) {
    const picture = await decodeImage(await form.toBuffer());
    const wanted = { width: WIDTH, height: HEIGHT, channels: 3, pixels: RGB };
    assert.deepEqual(picture, wanted, name);
  }
  const pixels = RGB.slice(0, WIDTH * HEIGHT);
  const gray = await decodeImage(grayPng(WIDTH, HEIGHT, pixels));
  assert.deepEqual(gray, { width: WIDTH, height: HEIGHT, channels: 1, pixels });
});

Deno.test("decodeImage comes close when the format is lossy", async () => {
  const image = () => sharp(SMOOTH, raw(3));
  const quality = 95;
  for (const form of [image().jpeg({ quality }), image().webp({ quality })]) {
    const { pixels, channels } = await decodeImage(await form.toBuffer());
    assert.equal(channels, 3);
    pixels.forEach((value, i) => assert.ok(Math.abs(value - SMOOTH[i]) <= 6, `${i}: ${value}`));
  }
});

Deno.test("decodeImage puts transparent places on white paper", async () => {
  const rgba = Uint8Array.from({ length: WIDTH * HEIGHT * 4 }, (_, i) => i % 4 === 3 ? 0 : 40);
  rgba[3] = 255;
  const { pixels } = await decodeImage(await sharp(rgba, raw(4)).png().toBuffer());
  assert.deepEqual([...pixels.subarray(0, 6)], [40, 40, 40, 255, 255, 255]);
});

Deno.test("decodeImage leaves the orientation mark aside", async () => {
  const turned = await sharp(RGB, raw(3)).withMetadata({ orientation: 6 }).png().toBuffer();
  const { width, height, pixels } = await decodeImage(turned);
  assert.deepEqual([width, height], [WIDTH, HEIGHT]);
  assert.deepEqual(pixels, RGB);
});

Deno.test("decodeImage refuses what is no whole picture, or too large", async () => {
  const png = new Uint8Array(await sharp(RGB, raw(3)).png().toBuffer());
  const jpeg = new Uint8Array(await sharp(SMOOTH, raw(3)).jpeg().toBuffer());
  const svg = new TextEncoder().encode(
    '<svg xmlns="http://www.w3.org/2000/svg" width="5" height="5"><rect width="5" height="5"/></svg>',
  );
  const gif = await sharp(RGB, raw(3)).gif().toBuffer();
  const junk = new Uint8Array(500).fill(7);
  const broken = { svg, gif, junk, empty: junk.slice(0, 0), cut: png.slice(0, png.length - 20) };
  const cutJpeg = jpeg.slice(0, jpeg.length - 40);
  for (const [name, bytes] of Object.entries({ ...broken, cutJpeg })) {
    const wanted = { name: "SyntaxError", message: /^unreadable picture: .*allowed: whole png/ };
    await assert.rejects(decodeImage(bytes), wanted, name);
  }
  await assert.rejects(decodeImage(png, { maxPixels: WIDTH * HEIGHT - 1 }), /at most 23 pixels/);
  assert.equal((await decodeImage(png, { maxPixels: WIDTH * HEIGHT })).width, WIDTH);
});
