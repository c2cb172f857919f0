/** What goes wrong with one answer. */
export interface Fault {
  /** Answers this status and nothing else. */
  status?: number;
  headers?: Record<string, string>;
  /** Ends the connection after so many bytes. */
  cut?: number;
  /** Sends nothing more after so many bytes. */
  stall?: number;
  /** Sends the whole file, whatever was asked for. */
  whole?: boolean;
  /** Sends bytes from so many further on. */
  shift?: number;
  tag?: string;
  /** Another file. */
  bytes?: Uint8Array;
}

/** A web server on this machine that serves files by ranges, with faults. */
export function rangeServer(
  files: Readonly<Record<string, Uint8Array>>,
  fault: (path: string, count: number) => Fault = () => ({}),
): { url: string; asked: string[]; paths: string[] } & AsyncDisposable {
  const asked: string[] = [], paths: string[] = [];
  const open: (() => void)[] = [];
  const server = Deno.serve({
    port: 0,
    hostname: "127.0.0.1",
    onListen() {},
    onError: () => new Response("", { status: 500 }),
  }, (request) => {
    const path = new URL(request.url).pathname;
    const range = request.headers.get("range") ?? "";
    asked.push(range);
    paths.push(path);
    return answer(files[path], range, fault(path, asked.length), open);
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    asked,
    paths,
    async [Symbol.asyncDispose]() {
      for (const close of open) close();
      await server.shutdown();
    },
  };
}

function answer(
  file: Uint8Array | undefined,
  range: string,
  fault: Fault,
  open: (() => void)[],
): Response {
  if (fault.status) return new Response("", { status: fault.status, headers: fault.headers });
  const bytes = fault.bytes ?? file;
  if (bytes === undefined) return new Response("", { status: 404 });
  const wanted = /^bytes=(\d+)-(\d+)$/.exec(range);
  if (!wanted) return new Response("", { status: 400 });
  const from = Number(wanted[1]) + (fault.shift ?? 0);
  const to = Math.min(Number(wanted[2]) + 1 + (fault.shift ?? 0), bytes.length);
  if (from >= bytes.length) return new Response("", { status: 416 });
  const part = fault.whole ? bytes : bytes.subarray(from, to);
  const sent = Math.min(part.length, fault.cut ?? fault.stall ?? Infinity);
  const body = new ReadableStream({
    start(controller) {
      if (sent > 0) controller.enqueue(part.slice(0, sent));
      if (fault.cut !== undefined) setTimeout(() => controller.error(new Error("cut")), 20);
      else if (fault.stall === undefined) controller.close();
      else {
        open.push(() => {
          try {
            controller.close();
          } catch { /* the client has gone */ }
        });
      }
    },
  });
  const headers: Record<string, string> = {
    etag: fault.tag ?? '"one"',
    "content-length": String(part.length),
  };
  if (!fault.whole) headers["content-range"] = `bytes ${from}-${to - 1}/${bytes.length}`;
  return new Response(body, { status: fault.whole ? 200 : 206, headers });
}
