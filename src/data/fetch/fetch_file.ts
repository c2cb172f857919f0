import { isLasting, messageOf, pause, StallWatch, versionOf } from "./http_parts.ts";

/** How one file is fetched. */
export interface FetchOptions {
  /** Attempts in a row that bring nothing new before the file counts as failed. Default 5. */
  readonly attempts?: number;
  /** Seconds without a byte after which a server counts as stalled. Default 30. */
  readonly stallSeconds?: number;
  /** Seconds before the second attempt; doubled each time. Default 1. */
  readonly pauseSeconds?: number;
  readonly signal?: AbortSignal;
  /** Asks for an address; default: the platform's `fetch`. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Called with the bytes that are there, and with those of the whole file where known. */
  readonly onBytes?: (there: number, total: number | null) => void;
}

/** What is known of a half-fetched file: it belongs to this version of the file and no other. */
interface PartState {
  readonly url: string;
  readonly version: string | null;
}

/**
 * Fetches a file to a path. It grows as `<path>.part`; a later call goes on from there by a range request,
 * also in another process, unless the server says that its file has changed. The path appears when every
 * byte is there and flushed to the disk.
 *
 * @returns bytes of the file, and whether they were there before.
 * @throws {Error} when the server refuses, changes or cuts the file, or stalls, again and again.
 * @throws the reason of the signal when it is aborted; the part stays.
 *
 * ```ts ignore
 * await fetchFile("https://example.org/00000.tar", "shards/00000.tar");
 * ```
 */
export async function fetchFile(
  url: string,
  path: string,
  options: FetchOptions = {},
): Promise<{ bytes: number; known: boolean }> {
  const { attempts = 5, pauseSeconds = 1, signal } = options;
  const there = sizeOf(path);
  if (there !== null) return { bytes: there, known: true };
  let failures = 0;
  while (true) {
    const before = sizeOf(`${path}.part`) ?? 0;
    try {
      signal?.throwIfAborted();
      await fetchRest(url, path, options);
      return { bytes: sizeOf(path)!, known: false };
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof Refused) throw error;
      // What brought bytes was no failure: a slow server may be asked as often as it takes.
      failures = (sizeOf(`${path}.part`) ?? 0) > before ? 1 : failures + 1;
      if (failures >= attempts) {
        throw new Error(
          `${url} could not be fetched: ${
            messageOf(error)
          }, ${attempts} times in a row; what came is ` +
            "kept, run the same command again to go on",
          { cause: error },
        );
      }
      await pause(pauseSeconds * 2 ** (failures - 1), signal);
    }
  }
}

/** An answer that no further attempt would change. */
class Refused extends Error {}

async function fetchRest(url: string, path: string, options: FetchOptions): Promise<void> {
  const part = `${path}.part`, statePath = `${path}.part.json`;
  const state = readState(statePath);
  const from = state?.url === url ? sizeOf(part) ?? 0 : 0;
  const watch = new StallWatch(options.stallSeconds ?? 30, options.signal);
  try {
    const ranged = from > 0 && state?.version !== null;
    const response = await (options.fetch ?? fetch)(url, {
      headers: ranged ? { range: `bytes=${from}-`, "if-range": state!.version! } : {},
      signal: watch.signal,
    });
    const start = startOf(response, url, ranged ? from : 0);
    const total = totalOf(response, start);
    Deno.writeTextFileSync(statePath, JSON.stringify({ url, version: versionOf(response) }));
    using file = Deno.openSync(part, { write: true, create: true });
    file.truncateSync(start);
    file.seekSync(start, Deno.SeekMode.Start);
    let there = start;
    for await (const chunk of response.body ?? []) {
      watch.alive();
      for (let at = 0; at < chunk.length;) at += file.writeSync(chunk.subarray(at));
      there += chunk.length;
      options.onBytes?.(there, total);
    }
    if (total !== null && there !== total) throw new Error(`${there} of ${total} bytes came`);
    file.syncSync();
  } catch (error) {
    throw watch.stalled ? new Error(watch.message) : error;
  } finally {
    watch[Symbol.dispose]();
  }
  Deno.renameSync(part, path);
  Deno.removeSync(statePath);
}

/** The byte of the file at which the answer begins. */
function startOf(response: Response, url: string, asked: number): number {
  if (response.status === 200) return 0; // The whole file: it has changed, or ranges are not served.
  if (response.status === 206) {
    const start = Number(/^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1]);
    if (start === asked) return start;
    throw new Error(`bytes from ${start} on came, from ${asked} on were asked for`);
  }
  const said = `the server answered ${response.status} ${response.statusText}`.trim();
  response.body?.cancel();
  if (isLasting(response.status)) {
    throw new Refused(`${url} could not be fetched: ${said}; check the address`);
  }
  throw new Error(said);
}

function totalOf(response: Response, start: number): number | null {
  const whole = /\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1];
  if (response.status === 206) return whole === undefined ? null : Number(whole);
  const length = response.headers.get("content-length");
  // A compressed answer has the length of what was sent, not of the file.
  return length === null || response.headers.has("content-encoding")
    ? null
    : start + Number(length);
}

function readState(path: string): PartState | null {
  try {
    const { url, version } = JSON.parse(Deno.readTextFileSync(path));
    return typeof url === "string" && (typeof version === "string" || version === null)
      ? { url, version }
      : null;
  } catch {
    return null;
  }
}

function sizeOf(path: string): number | null {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
