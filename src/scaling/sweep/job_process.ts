import { trainingFlags } from "../../config/permissions.ts";
import { formatRecipe } from "../../config/load_recipe.ts";
import { shardHosts } from "../../config/shard_hosts.ts";
import type { RunProgress } from "../../run/run_experiment.ts";
import type { CellJob, JobOptions } from "./cell_job.ts";
import { stopAtAbort } from "../../run/stop_at_abort.ts";

/** Characters of a process's last words that are kept as the reason of its failure. */
const REASON = 2000;

/** How the processes of a sweep are started. */
export interface ProcessOptions {
  /** Deno's configuration file. */
  readonly config: string;
  /** CPU threads of each; null for all cores. */
  readonly threads: number | null;
}

/**
 * Does a job in a process of its own, so that a crash of one cell leaves the others alone and several
 * can run side by side with one thread each.
 *
 * @throws {Error} with what the process said last, when it fails; {DOMException} AbortError when the
 * signal stops it, after it has saved a checkpoint.
 */
export async function runJobInProcess(
  job: CellJob,
  { signal, onProgress }: JobOptions,
  { config, threads }: ProcessOptions,
): Promise<void> {
  signal.throwIfAborted();
  const worker = new URL("./job_worker.ts", import.meta.url);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--config",
      config,
      ...trainingFlags(Deno.execPath(), shardHosts([formatRecipe(job.recipe)])),
      decodeURIComponent(worker.pathname),
    ],
    env: threads === null ? {} : { CLIPA_THREADS: String(threads) },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  using _ = stopAtAbort(child, signal);
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(job)));
  await writer.close();
  const [, lastWords, { code }] = await Promise.all([
    eachLine(child.stdout, (line) => onProgress(JSON.parse(line) as RunProgress)),
    tail(child.stderr),
    child.status,
  ]);
  signal.throwIfAborted();
  if (code !== 0) throw new Error(lastWords.trim() || `the process ended with exit code ${code}`);
}

async function eachLine(stream: ReadableStream<Uint8Array>, use: (line: string) => void) {
  let rest = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line.startsWith("{")) use(line);
  }
}

async function tail(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    text = (text + chunk).slice(-REASON);
  }
  return text;
}
