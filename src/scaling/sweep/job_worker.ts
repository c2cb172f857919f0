import { type CellJob, runJob } from "./cell_job.ts";

/** Milliseconds between lines of progress. */
const EVERY = 500;

/** Reads a job as JSON from stdin, does it, and writes its progress as lines of JSON. */
async function main(): Promise<void> {
  const job = JSON.parse(await new Response(Deno.stdin.readable).text()) as CellJob;
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(name, () => controller.abort());
  }
  let shown = -Infinity;
  let label = "";
  await runJob(job, {
    signal: controller.signal,
    onProgress: (progress) => {
      const now = performance.now();
      if (progress.label === label && now - shown < EVERY && progress.done < progress.total) return;
      [label, shown] = [progress.label, now];
      Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(progress)}\n`));
    },
  });
}

if (import.meta.main) {
  try {
    await main();
    Deno.exit(0);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    Deno.exit(1);
  }
}
