import { dirname } from "node:path";
import type { WheelSource } from "../../src/cli/setup/fetch_wheel.ts";
import type { Wheel } from "../../src/cli/setup/cuda_wheels.ts";
import { sha256 } from "../../src/cli/setup/stamp.ts";

/** A package index on this machine. */
export interface WheelServer extends AsyncDisposable {
  /** A source that asks this index, with a cache folder of its own. */
  readonly source: WheelSource;
  /** Folder of the cache, removed at the end. */
  readonly cache: string;
  /** Ranges that were asked of wheels; null for a whole one. */
  readonly ranges: (string | null)[];
}

/**
 * Serves wheels as PyPI does: a JSON page for each name, and files by ranges.
 *
 * @param stallAfter Bytes after which the answer to the request of that number, from 1, stalls.
 */
export function wheelServer(
  files: Readonly<Record<string, Uint8Array<ArrayBuffer>>>,
  { stallAfter = () => Infinity, stallListing = false }: {
    stallAfter?: (count: number) => number;
    stallListing?: boolean;
  } = {},
): WheelServer {
  const ranges: (string | null)[] = [];
  const open: (() => void)[] = [];
  const stalling = (bytes: Uint8Array, after: number) =>
    new ReadableStream({
      start(controller) {
        controller.enqueue(bytes.slice(0, after));
        if (after >= bytes.length) return controller.close();
        open.push(() => {
          try {
            controller.close();
          } catch { /* the client has gone */ }
        });
      },
    });
  const server = Deno.serve({
    port: 0,
    hostname: "127.0.0.1",
    onListen() {},
    onError: () => new Response("", { status: 500 }),
  }, async (request) => {
    const [, place, name] = new URL(request.url).pathname.split("/");
    const bytes = files[name];
    if (bytes === undefined) return new Response("", { status: 404 });
    if (place === "simple") {
      const hashes = { sha256: await sha256(bytes) };
      const page = JSON.stringify({ files: [{ url: `../../files/${name}`, hashes }] });
      return new Response(stalling(new TextEncoder().encode(page), stallListing ? 9 : Infinity));
    }
    const range = request.headers.get("range");
    ranges.push(range);
    const from = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
    const headers: Record<string, string> = {
      etag: `"${name}"`,
      "content-length": String(bytes.length - from),
    };
    if (range !== null) {
      headers["content-range"] = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
    }
    const body = stalling(bytes.subarray(from), stallAfter(ranges.length));
    return new Response(body, { status: range === null ? 200 : 206, headers });
  });
  const cache = Deno.makeTempDirSync();
  const env: Record<string, string> = {
    CLIPA_CACHE: cache,
    PIP_INDEX_URL: `http://127.0.0.1:${server.addr.port}/simple/`,
  };
  return {
    cache,
    ranges,
    source: {
      env: (name) => env[name],
      arch: "x86_64",
      fetch: (url, init) => fetch(url, init),
      patience: { attempts: 2, stallSeconds: 2, pauseSeconds: 0.01 },
    },
    async [Symbol.asyncDispose]() {
      for (const close of open) close();
      await server.shutdown();
      Deno.removeSync(cache, { recursive: true });
    },
  };
}

/** A wheel with these members, and what pins it. */
export async function makeWheel(
  name: string,
  contents: Readonly<Record<string, string>>,
  members?: Wheel["members"],
): Promise<{ bytes: Uint8Array<ArrayBuffer>; wheel: Wheel }> {
  const folder = Deno.makeTempDirSync();
  try {
    for (const [path, text] of Object.entries(contents)) {
      Deno.mkdirSync(dirname(`${folder}/${path}`), { recursive: true });
      Deno.writeTextFileSync(`${folder}/${path}`, text);
    }
    const args = ["-E", "tar", "cf", "made.zip", "--format=zip", ...Object.keys(contents)];
    const { code, stderr } = await new Deno.Command("cmake", { args, cwd: folder }).output();
    if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
    const bytes = Deno.readFileSync(`${folder}/made.zip`);
    return {
      bytes,
      wheel: { name, version: "1", bytes: bytes.length, sha256: await sha256(bytes), members },
    };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}
