import type { Bench } from "./bench.ts";
import { interleave } from "./interleave.ts";
import { spread } from "./spread.ts";

const PICTURES = 1024;
const SIDE = 64;
const SHAPE = { width: 128, imageTokens: 65, textTokens: 8 };

/**
 * `embed.images`: pictures per second of `deno task embed`, from PNG files to a file of vectors: reading,
 * decoding, the exact resize and the forward pass in ONNX Runtime.
 */
export const embedSpeed: Bench = {
  names: ["embed.images"],
  async run({ signal, env }) {
    const { NativeContext } = await import("../../native/context.ts");
    const { encodePng } = await import("../../data/icons/png.ts");
    const { benchExport } = await import("../../run/bench/bench_export.ts");
    const { embedFiles } = await import("../../run/embed/embed_files.ts");
    const { ortEncoder } = await import("../../run/ort_encoder.ts");
    const threads = Number(env("CLIPA_THREADS") ?? 0) || navigator.hardwareConcurrency;
    const dir = await Deno.makeTempDir({ prefix: "clipa-bench-" });
    try {
      using context = new NativeContext({ threads });
      await using model = await benchExport(context, SHAPE);
      using encoder = await ortEncoder(model.dir, { threads, provider: "cpu" });
      for (let n = 0; n < PICTURES; n++) {
        // Rings of a few colours: about as hard to decode as an icon.
        const pixels = Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, i) => {
          const x = Math.floor(i / 3) % SIDE - n % 40, y = Math.floor(i / 3 / SIDE) - n % 23;
          return Math.floor(Math.hypot(x, y) / (4 + n % 7)) * 60 * (1 + i % 3) % 256;
        });
        Deno.writeFileSync(`${dir}/${String(n).padStart(5, "0")}.png`, encodePng(pixels, SIDE, 3));
      }
      const measure = async () => {
        const source = { images: dir }, out = `${dir}/vectors.npy`;
        return PICTURES / (await embedFiles(encoder, { source, out, signal })).seconds;
      };
      const pixels = model.pixels(64);
      const forward = async () => {
        const start = performance.now();
        for (let n = 0; n < PICTURES; n += 64) await encoder.embedPixels(pixels);
        return PICTURES / ((performance.now() - start) / 1000);
      };
      const pairs = await interleave(measure, forward);
      const alone = spread(pairs.map(({ second }) => second)).value;
      const note =
        `${PICTURES} PNG files of ${SIDE} px to float32 npy, width ${SHAPE.width}, depth 4, ` +
        `${SHAPE.imageTokens} tokens, fast graph, ${threads} threads; the forward pass alone: ` +
        `${alone.toFixed(0)}/s`;
      const rates = spread(pairs.map(({ first }) => first));
      return [{ name: "embed.images", unit: "images/s", ...rates, note }];
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
};
