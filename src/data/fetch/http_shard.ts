import { endsEarly, type ShardFile } from "../shards/shard_file.ts";
import type { FetchOptions } from "./fetch_file.ts";
import { isLasting, messageOf, pause, StallWatch, versionOf } from "./http_parts.ts";

/** Bytes of the first request of a shard, and of its blocks: they double up to the largest. */
const FIRST_BLOCK = 64 << 10, LARGEST_BLOCK = 4 << 20;
/** Blocks fetched before their turn. */
const AHEAD = 2;
/** Longest wait that a server may ask for, seconds. */
const LONGEST_WAIT = 60;

/** How patiently a server is read; see {@linkcode FetchOptions}. */
export type ServerPatience = Pick<FetchOptions, "attempts" | "stallSeconds" | "pauseSeconds">;

/** An answer that no further attempt would change. */
class Refused extends Error {}

/** A range of a file on a server. */
interface Range {
  readonly bytes: Uint8Array;
  /** Bytes of the whole file. */
  readonly total: number;
  readonly version: string;
}

/**
 * A shard on a web server, read by ranges: what was cut, stalled or refused for a while is asked for again
 * from the byte where it ended, after a growing pause. Its version is the server's tag, or else its
 * date, and its length; an answer of another version is an error.
 *
 * Memory: at most three blocks of 4 MiB for a shard that is read in order.
 *
 * @throws {Error} when the server refuses, stalls or cuts answers again and again, or sends whole files
 * only; names the address and what was seen.
 */
export async function openShardOnServer(
  url: string,
  signal?: AbortSignal,
  patience: ServerPatience = {},
): Promise<ShardFile> {
  const first = await fetchRange(url, 0, FIRST_BLOCK, null, patience, signal);
  const { total, version } = first;
  const read = async (at: number, bytes: number, signal: AbortSignal | undefined) => {
    if (at + bytes > total) throw endsEarly(url, Math.max(at, total), at + bytes - total);
    if (at + bytes <= first.bytes.length) return first.bytes.slice(at, at + bytes);
    return (await fetchRange(url, at, bytes, first, patience, signal)).bytes;
  };
  return {
    name: url,
    version,
    read: (at, bytes) => read(at, bytes, signal),
    from(start) {
      const stop = new AbortController();
      const both = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
      const blocks: Promise<Uint8Array>[] = [];
      let next = start, size = FIRST_BLOCK, block = new Uint8Array(), used = 0;
      const fill = () => {
        while (blocks.length < AHEAD && next < total) {
          const bytes = Math.min(size, total - next);
          const promise = read(next, bytes, both);
          // Whoever takes the block gets the error; nobody may be there any more.
          promise.catch(() => {});
          blocks.push(promise);
          next += bytes;
          size = Math.min(2 * size, LARGEST_BLOCK);
        }
      };
      return {
        name: url,
        async read(buffer) {
          if (used === block.length) {
            fill();
            if (blocks.length === 0) return null;
            block = new Uint8Array(await blocks.shift()!);
            used = 0;
            fill();
          }
          const piece = block.subarray(used, used + buffer.length);
          buffer.set(piece);
          used += piece.length;
          return piece.length;
        },
        [Symbol.dispose]: () => stop.abort(new Error("the shard is not read further")),
      };
    },
  };
}

/** A range, in as many requests as it takes; shorter only at the end of the file. */
async function fetchRange(
  url: string,
  at: number,
  bytes: number,
  known: Range | null,
  { attempts = 5, stallSeconds = 30, pauseSeconds = 1 }: ServerPatience,
  signal: AbortSignal | undefined,
): Promise<Range> {
  const out = new Uint8Array(known ? Math.min(bytes, known.total - at) : bytes);
  const sink: Sink = { out, got: 0, range: known };
  for (let failures = 0;;) {
    const before = sink.got;
    try {
      signal?.throwIfAborted();
      await fetchInto(sink, url, at, stallSeconds, signal);
      return { ...sink.range!, bytes: sink.out };
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof Refused || error instanceof SyntaxError) throw error;
      if (error instanceof Deno.errors.NotCapable) throw notAllowed(url, error);
      failures = sink.got > before ? 1 : failures + 1;
      if (failures >= attempts) {
        throw new Error(
          `${url} could not be read: ${
            messageOf(error)
          }, ${attempts} times in a row; the run can be ` +
            "gone on with when the server answers again",
          { cause: error },
        );
      }
      await pause(Math.max(pauseSeconds * 2 ** (failures - 1), sink.wait ?? 0), signal);
    }
  }
}

/** What came of a range so far. */
interface Sink {
  out: Uint8Array;
  got: number;
  /** What the first answer said of the file. */
  range: Pick<Range, "total" | "version"> | null;
  /** Seconds that the server asks to wait. */
  wait?: number;
}

async function fetchInto(
  sink: Sink,
  url: string,
  at: number,
  stallSeconds: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const from = at + sink.got, to = at + sink.out.length;
  if (from === to) return;
  sink.wait = 0;
  using watch = new StallWatch(stallSeconds, signal);
  try {
    const response = await fetch(url, {
      headers: { range: `bytes=${from}-${to - 1}` },
      signal: watch.signal,
    });
    const told = readAnswer(response, url, from, to, sink);
    if (sink.range && sink.range.version !== told.version) {
      response.body?.cancel();
      throw new SyntaxError(
        `${url}: the shard has changed: seen ${told.version}, before ${sink.range.version}; put the ` +
          "old one back, or start anew with another --out",
      );
    }
    sink.range = told;
    if (told.total < to) sink.out = sink.out.slice(0, Math.max(0, told.total - at));
    for await (const chunk of response.body ?? []) {
      watch.alive();
      if (sink.got + chunk.length > sink.out.length) {
        throw new Error("more bytes came than asked for");
      }
      sink.out.set(chunk, sink.got);
      sink.got += chunk.length;
    }
    if (sink.got < sink.out.length) {
      throw new Error(`${at + sink.got - from} of ${at + sink.out.length - from} bytes came`);
    }
  } catch (error) {
    throw watch.stalled ? new Error(watch.message) : error;
  }
}

/** What an answer says of the file; an error when it is not the range that was asked for. */
function readAnswer(
  response: Response,
  url: string,
  from: number,
  to: number,
  sink: Sink,
): Pick<Range, "total" | "version"> {
  const { status, statusText, headers } = response;
  const whole = (total: number) => ({
    total,
    version: [versionOf(response), `${total} bytes`].filter((part) => part !== null).join(", "),
  });
  const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers.get("content-range") ?? "");
  if (status === 206 && range) {
    const [start, last, total] = range.slice(1).map(Number);
    if (start === from && last + 1 === Math.min(to, total)) return whole(total);
  }
  const length = Number(headers.get("content-length") ?? NaN);
  // A file that is smaller than the range may come whole.
  if (status === 200 && from === 0 && length <= to) return whole(length);
  response.body?.cancel();
  if (status === 206) {
    throw new Error(
      `bytes ${headers.get("content-range")} came, ${from} to ${to - 1} were asked for`,
    );
  }
  if (status === 200) {
    throw new Refused(
      `${url} could not be read in parts: the server sends whole files only; fetch the shards first ` +
        "with deno task fetch, then name the files",
    );
  }
  const said = `the server answered ${status} ${statusText}`.trim();
  if (status === 416) {
    throw new SyntaxError(`${url}: the shard ends before byte ${from}; it has changed, start anew`);
  }
  if (isLasting(status)) {
    throw new Refused(`${url} could not be read: ${said}; check the address and who may read it`);
  }
  const wait = Number(headers.get("retry-after") ?? NaN);
  sink.wait = wait >= 0 ? Math.min(wait, LONGEST_WAIT) : 0;
  throw new Error(said);
}

function notAllowed(url: string, cause: Error): Error {
  const host = /"([^"]+)"/.exec(cause.message)?.[1] ?? "another host";
  return new Error(
    `${url} could not be read: it leads to ${host}, which this run may not reach; add it to ` +
      `data.stream.hosts, such as hosts: ["${host}"]`,
    { cause },
  );
}
