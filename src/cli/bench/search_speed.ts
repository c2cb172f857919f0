import type { Bench, BenchResult } from "./bench.ts";
import { spread } from "./spread.ts";

const ROWS = 300_000;
const PART = 30_000;
const TOP = 10;
const QUERIES = 200;
const CLUSTERS = 500;
const WIDTHS = { "search.ms": 256, "search.ms.w128": 128 };

/**
 * `search.ms`: one query over 300,000 unit vectors, from the vector to its ten exact hits. The vectors
 * lie in clusters, as pictures of the same thing do, so that the scan leaves more than a handful.
 */
export const searchSpeed: Bench = {
  names: Object.keys(WIDTHS),
  async run({ signal, env }) {
    const { NativeContext } = await import("../../native/context.ts");
    const { normals } = await import("../../tensor/random.ts");
    const { SearchIndex } = await import("../../eval/search/search_index.ts");
    const { writeSearchIndex } = await import("../../eval/search/write_index.ts");
    const threads = Number(env("CLIPA_THREADS") ?? 0) || navigator.hardwareConcurrency;
    const dir = await Deno.makeTempDir({ prefix: "clipa-bench-" });
    const results: BenchResult[] = [];
    try {
      for (const [name, width] of Object.entries(WIDTHS)) {
        const centres = new Float32Array(CLUSTERS * width);
        const noise = new Float32Array(PART * width);
        normals(centres, 1, 0);
        normals(noise, 1, 1);
        const parts = function* () {
          for (let first = 0; first < ROWS; first += PART) {
            signal.throwIfAborted();
            yield noise.map((value, i) => {
              const cluster = (first + Math.floor(i / width)) % CLUSTERS;
              return 0.5 * value + centres[cluster * width + i % width];
            });
          }
        };
        const path = `${dir}/${width}`;
        await writeSearchIndex(path, { count: ROWS, width, identity: "0".repeat(64) }, parts());
        using context = new NativeContext({ threads });
        using index = SearchIndex.open(path, context);
        const times: number[] = [];
        let scored = 0;
        for (let i = -5; i < QUERIES; i++) {
          signal.throwIfAborted();
          // Near a cluster, with the noise of a row of another one: no row is the query itself.
          const at = (i + 5) % CLUSTERS * width, away = noise.length - width - at;
          const query = centres.slice(at, at + width)
            .map((value, j) => value + 0.5 * noise[away + j]);
          const start = performance.now();
          const answer = await index.search(query, TOP);
          if (i < 0) continue;
          times.push(performance.now() - start);
          scored += answer.scored / QUERIES;
        }
        const note = `${ROWS} unit vectors of width ${width}, exact top ${TOP}: int8 scan, ` +
          `${scored.toFixed(0)} rows rescored from float32; ${QUERIES} queries, ${threads} threads`;
        results.push({ name, unit: "ms", ...spread(times), note });
      }
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
    return results;
  },
};
