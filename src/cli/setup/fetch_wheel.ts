import { createHash } from "node:crypto";
import { fetchFile, type FetchOptions } from "../../data/fetch/fetch_file.ts";
import { messageOf, StallWatch } from "../../data/fetch/http_parts.ts";
import type { Wheel } from "./cuda_wheels.ts";
import { SetupError } from "./report.ts";

/** What a fetch asks of the outside; a parameter, so that tests need no network. */
export interface WheelSource {
  env(name: string): string | undefined;
  arch: string;
  fetch(url: string, init?: RequestInit): Promise<Response>;
  /** How long a server may be silent, and how often it is asked. */
  patience?: Pick<FetchOptions, "attempts" | "stallSeconds" | "pauseSeconds">;
}

/** The network and environment of this process. */
export const OUTSIDE: WheelSource = {
  env: (name) => Deno.env.get(name),
  arch: Deno.build.arch,
  fetch: (url, init) => fetch(url, init),
};

/**
 * Fetches one wheel from PyPI, or the index of `PIP_INDEX_URL`, to `file` and compares it with its pinned
 * SHA-256. What came before a server stalled or a connection broke is kept beside `file`, and the next
 * call goes on from there.
 *
 * @param variable The environment variable that names what is installed, for the advice.
 * @throws {SetupError} when the index or the file cannot be reached, stalls, or is another file.
 */
export async function fetchWheel(
  wheel: Wheel,
  file: string,
  source: WheelSource,
  variable: string,
): Promise<void> {
  const { name, version, sha256 } = wheel;
  const index = (source.env("PIP_INDEX_URL") || "https://pypi.org/simple").replace(/\/$/, "");
  const page = `${index}/${name}/`;
  const advice =
    `is the network there? Set PIP_INDEX_URL to a mirror, or ${variable} to what is installed`;
  const found = (await readListing(page, source, advice)).find(({ hashes }) =>
    hashes?.sha256 === sha256
  );
  if (!found) {
    throw new SetupError(`${page} lists no ${name} ${version} with SHA-256 ${sha256}; ${advice}`);
  }
  try {
    const url = new URL(found.url, page).href;
    await fetchFile(url, file, { attempts: 3, ...source.patience, fetch: source.fetch });
  } catch (cause) {
    throw new SetupError(`${messageOf(cause)}; ${advice}`, { cause });
  }
  const seen = hashOf(file);
  if (seen === sha256) return;
  Deno.removeSync(file);
  throw new SetupError(
    `${name} ${version}: SHA-256 ${seen}; allowed: ${sha256}; run the task again`,
  );
}

/** The files that a package index lists. */
async function readListing(
  page: string,
  source: WheelSource,
  advice: string,
): Promise<{ url: string; hashes?: { sha256?: string } }[]> {
  using watch = new StallWatch(source.patience?.stallSeconds ?? 30);
  try {
    const answer = await source.fetch(page, {
      headers: { accept: "application/vnd.pypi.simple.v1+json" },
      signal: watch.signal,
    });
    if (!answer.ok) {
      await answer.body?.cancel();
      throw new SetupError(`${page} answered ${answer.status}; ${advice}`);
    }
    const text = new TextDecoder();
    let json = "";
    for await (const piece of answer.body ?? []) {
      watch.alive();
      json += text.decode(piece, { stream: true });
    }
    const { files } = JSON.parse(json);
    return Array.isArray(files) ? files : [];
  } catch (cause) {
    if (cause instanceof SetupError) throw cause;
    const reason = watch.stalled ? watch.message : messageOf(cause);
    throw new SetupError(`${page} cannot be reached (${reason}); ${advice}`, { cause });
  }
}

function hashOf(file: string): string {
  const hash = createHash("sha256");
  const block = new Uint8Array(1 << 20);
  using open = Deno.openSync(file);
  for (let got; (got = open.readSync(block)) !== null;) hash.update(block.subarray(0, got));
  return hash.digest("hex");
}
