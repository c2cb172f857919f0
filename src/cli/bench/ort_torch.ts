import type { Bench, BenchResult } from "./bench.ts";
import { interleave } from "./interleave.ts";
import { secondsOf } from "./ort_speed.ts";
import { PeerProcess } from "./peer_process.ts";
import { torchPython } from "./peer_python.ts";
import { spread } from "./spread.ts";

const STEP = { width: 192, imageTokens: 65, textTokens: 8 };
const BATCHES = [1, 64];

/**
 * `ort.fast.over.torch.*`: how many times faster the fast graph embeds pictures than the same tower
 * with the same weights in PyTorch, pair by pair (`--peers` only). The peer compares embeddings
 * before it is timed; see `tests/goldens/peers/torch_embed.py`.
 */
export const ortTorch: Bench = {
  names: BATCHES.map((batch) => `ort.fast.over.torch.b${batch}`),
  async run({ peers, signal, env }) {
    if (!peers) {
      console.error("bench  ort.fast.over.torch is left out without --peers");
      return [];
    }
    const threads = Number(env("CLIPA_THREADS") ?? 0) || navigator.hardwareConcurrency;
    const python = await torchPython(env);
    const { NativeContext } = await import("../../native/context.ts");
    const { benchExport } = await import("../../run/bench/bench_export.ts");
    const { ClipOnnx } = await import("../../onnx/clip_onnx.ts");
    using context = new NativeContext({ threads });
    await using model = await benchExport(context, STEP);
    using fast = await ClipOnnx.open(model.dir, { threads, provider: "cpu", graph: "fast" });
    const pixels = model.pixels(Math.max(...BATCHES));
    const embeddings = await fast.embedImages(pixels);
    Deno.writeFileSync(`${model.dir}/peer.pixels`, pixels);
    Deno.writeFileSync(`${model.dir}/peer.embeddings`, new Uint8Array(embeddings.slice().buffer));
    const args = ["--model", model.dir, "--threads", String(threads)];
    const torch = new PeerProcess(python, "torch_embed.py", args, signal);
    try {
      const framework = await torch.start();
      const results: BenchResult[] = [];
      for (const batch of BATCHES) {
        signal.throwIfAborted();
        const some = model.pixels(batch);
        const pairs = await interleave(
          () => secondsOf(() => fast.embedImages(some)),
          () => torch.seconds(String(batch)),
        );
        const rate = (seconds: number[]) => spread(seconds.map((s) => batch / s)).value.toFixed(0);
        results.push({
          name: `ort.fast.over.torch.b${batch}`,
          unit: "1",
          ...spread(pairs.map(({ first, second }) => second / first)),
          note: `times faster than ${framework} on the same weights; width ${STEP.width}, depth ` +
            `4, patch 8, image tower, ${STEP.imageTokens} tokens, batch ${batch}, ${threads} ` +
            `threads, ours ${rate(pairs.map(({ first }) => first))}, theirs ` +
            `${rate(pairs.map(({ second }) => second))} pictures/s`,
        });
      }
      return results;
    } finally {
      await torch.end();
    }
  },
};
