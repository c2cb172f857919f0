import { initWasm, Resvg } from "@resvg/resvg-wasm";
import { workerScope } from "../../config/worker_scope.ts";
import type { DrawJob, DrawReply } from "./draw_job.ts";
import { drawShard } from "./draw_shard.ts";

// The rasteriser runs in a worker, so that a crash of it is an error message, not the end.
const scope = workerScope<DrawJob, DrawReply>();
const reply = (message: DrawReply) => scope.postMessage(message);

let loaded: Promise<void> | undefined;

function rasterise(svg: string): Uint8Array {
  const source = new Resvg(svg, { background: "#fff" });
  try {
    const image = source.render();
    try {
      return image.pixels;
    } finally {
      image.free();
    }
  } finally {
    source.free();
  }
}

scope.onmessage = async ({ data }) => {
  try {
    await (loaded ??= initWasm(Deno.readFileSync(data.rasteriser)));
    drawShard(data, rasterise, (rows) => reply({ kind: "progress", rows }));
    reply({ kind: "done" });
  } catch (error) {
    reply({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  }
};
reply({ kind: "ready" });
