import type { Bench, BenchResult } from "./bench.ts";
import { spread } from "./spread.ts";

const NAME = "eval.retrieval.coco";
/** COCO's test pictures of the Karpathy split, five captions each; the width of L/14's embeddings. */
const PICTURES = 5000, CAPTIONS = 5, WIDTH = 768;
const RUNS = 7;

/**
 * `eval.retrieval.coco`: seconds for all ranks of retrieval at COCO's size, both ways, from unit vectors.
 * Captions lie around their picture, so that most ranks are small and some are not, as with a good model.
 */
export const retrievalSpeed: Bench = {
  names: [NAME],
  async run({ signal }): Promise<BenchResult[]> {
    const { captionRanks } = await import("../../eval/paper/caption_ranks.ts");
    const { normals } = await import("../../tensor/random.ts");
    const images = new Float32Array(PICTURES * WIDTH);
    const texts = new Float32Array(PICTURES * CAPTIONS * WIDTH);
    normals(images, 1, 0);
    normals(texts, 1, 1);
    texts.forEach((value, at) => {
      const row = Math.floor(at / WIDTH / CAPTIONS);
      texts[at] = 10 * value + images[row * WIDTH + at % WIDTH];
    });
    for (const rows of [images, texts]) unitRows(rows);
    const imageOf = Int32Array.from({ length: PICTURES * CAPTIONS }, (_, t) => t / CAPTIONS);
    const seconds: number[] = [];
    let first = 0;
    for (let i = -1; i < RUNS; i++) {
      const start = performance.now();
      const { t2i } = await captionRanks(images, texts, WIDTH, imageOf, { signal });
      if (i >= 0) seconds.push((performance.now() - start) / 1000);
      first = t2i.worst.filter((rank) => rank === 0).length / t2i.worst.length;
    }
    const note =
      `ranks of ${PICTURES} pictures among ${PICTURES * CAPTIONS} captions of width ${WIDTH} ` +
      `and the other way round, exact; ${
        (100 * first).toFixed(0)
      } % of the captions find their picture first`;
    return [{ name: NAME, unit: "s", ...spread(seconds), note }];
  },
};

function unitRows(rows: Float32Array): void {
  for (let at = 0; at < rows.length; at += WIDTH) {
    const row = rows.subarray(at, at + WIDTH);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    for (let k = 0; k < WIDTH; k++) row[k] /= length;
  }
}
