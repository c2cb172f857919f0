import type { DrawJob, DrawReply } from "./draw_job.ts";

/** How {@link drawAll} runs. */
export interface DrawAllOptions {
  workers: number;
  signal?: AbortSignal;
  onRows: (rows: number) => void;
}

/**
 * Draw shards in workers, each job taken by the next free one. Jobs are made when they are taken,
 * so that only as many lie in memory as there are workers.
 *
 * @throws the first worker's error; the reason of the signal when it is aborted
 */
export async function drawAll(
  jobs: Iterator<DrawJob>,
  { workers, signal, onRows }: DrawAllOptions,
): Promise<void> {
  const pool = new Set<Worker>();
  const stop = Promise.withResolvers<never>();
  const onAbort = () => stop.reject(signal?.reason);
  signal?.throwIfAborted();
  signal?.addEventListener("abort", onAbort);
  try {
    const lanes = Array.from({ length: workers }, () => runLane(jobs, pool, onRows));
    await Promise.race([Promise.all(lanes), stop.promise]);
  } finally {
    signal?.removeEventListener("abort", onAbort);
    for (const worker of pool) worker.terminate();
  }
}

async function runLane(
  jobs: Iterator<DrawJob>,
  pool: Set<Worker>,
  onRows: (rows: number) => void,
): Promise<void> {
  const first = jobs.next();
  if (first.done) return;
  const worker = new Worker(new URL("./draw_worker.ts", import.meta.url), { type: "module" });
  pool.add(worker);
  let job = first.value;
  await new Promise<void>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<DrawReply>) => {
      if (data.kind === "progress") return onRows(data.rows);
      if (data.kind === "failed") return reject(new Error(`${job.shard}: ${data.message}`));
      if (data.kind === "done") {
        const next = jobs.next();
        if (next.done) return resolve();
        job = next.value;
      }
      worker.postMessage(job);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      reject(
        new Error(`${job.shard}: the drawing worker ended: ${event.message}; run again to go on`),
      );
    };
  });
  worker.terminate();
  pool.delete(worker);
}
