import { grayPng, writeShard } from "../data/shard_fixture.ts";
import { testConfig } from "../dist/run_ranks.ts";

/** How {@linkcode launched} runs a task. */
export interface Launch {
  /** What stderr shows when the user presses Ctrl-C. */
  readonly interrupt?: RegExp;
  /** Called with the number of the process each time it has said something. */
  readonly onSaid?: (said: string, pid: number) => void;
  readonly env?: Record<string, string>;
}

/** Runs the command line itself, as the set-up starts it. */
export async function launched(
  dir: string,
  args: string[],
  { interrupt, onSaid, env }: Launch = {},
) {
  const root = decodeURIComponent(new URL("../..", import.meta.url).pathname);
  const config = testConfig();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--config", config, `${root}src/cli/main.ts`, ...args],
    cwd: dir,
    env: { CLIPA_DENO_CONFIG: config, CLIPA_CACHE: `${dir}/cache`, NO_COLOR: "1", ...env },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let stderr = "";
  const reading = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      stderr += text;
      onSaid?.(stderr, child.pid);
      if (interrupt?.test(stderr)) {
        interrupt = undefined;
        child.kill("SIGINT");
      }
    }
  })();
  const stdout = await new Response(child.stdout).text();
  const { code } = await child.status;
  await reading;
  return { code, stdout, stderr };
}

/** Processes that were started with a variable: their numbers and all variables of each. */
export function processesWith(variable: string): { pid: number; variables: string[] }[] {
  return [...Deno.readDirSync("/proc")].flatMap(({ name }) => {
    try {
      const variables = Deno.readTextFileSync(`/proc/${name}/environ`).split("\0");
      return variables.includes(variable) ? [{ pid: Number(name), variables }] : [];
    } catch {
      // No process, or one that has ended.
      return [];
    }
  });
}

/** Waits until no process that was started with a variable is left. */
export async function untilGone(variable: string): Promise<void> {
  for (const until = performance.now() + 60_000; performance.now() < until;) {
    if (processesWith(variable).length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`left: ${processesWith(variable).map(({ pid }) => pid)}`);
}

/** A recipe and one shard of 24 grey pictures. */
export function writeRecipe(dir: string, samples: number): void {
  const words = ["box", "bar", "dot", "line"];
  const phrases = ["red", "green", "blue", "dark", "pale", "bold"].flatMap((colour) =>
    words.map((word) => `${colour} ${word}`)
  );
  const picture = (i: number) => {
    const pixels = Uint8Array.from(
      { length: 576 },
      (_, at) => Math.imul(at + 7, 40503 * i + 9) >> 3,
    );
    return grayPng(24, 24, pixels);
  };
  const entries = phrases.map((txt, i) => [`p${i}`, { txt, png: picture(i) }] as const);
  writeShard(`${dir}/pictures-0.tar`, Object.fromEntries(entries));
  const rest =
    "batch: 8, image: { size: 16 }, text: { tokens: 8 }, lr: 1.0e-3, warmup: { share: 0.1 }";
  Deno.writeTextFileSync(
    `${dir}/recipe.yaml`,
    `name: ranks
data: { shards: "${dir}/pictures-*.tar" }
model: { preset: laptop-w48, image: { layers: 1 }, text: { layers: 1, vocabulary: 300 } }
stages:
  - { name: only, samples: ${samples}, ${rest} }
eval: { benches: [], retrieval: [] }
`,
  );
}
