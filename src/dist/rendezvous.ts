import type { Environment } from "./ranks.ts";

/** How ranks meet without MPI, for what must be known before they can talk: a communicator's id. */
export interface RendezvousOptions {
  readonly rank: number;
  readonly size: number;
  /** Where rank 0 listens. */
  readonly host: string;
  readonly port: number;
  /** A secret that all ranks of the job share; a stranger's connection is not counted. */
  readonly token: string;
  /** Longest wait for all ranks, in seconds. */
  readonly timeoutSeconds: number;
}

/**
 * How long ranks wait for those that have not come, from `CLIPA_DIST_RENDEZVOUS`.
 *
 * @param usual Seconds where it is not set.
 * @throws {RangeError} when it is no number of seconds.
 */
export function rendezvousSeconds(env: Environment, usual: number): number {
  const text = env("CLIPA_DIST_RENDEZVOUS");
  const value = text === undefined ? usual : Number(text);
  if (value >= 1 && value <= 86_400) return value;
  throw new RangeError(`CLIPA_DIST_RENDEZVOUS is "${text}"; allowed: 1 to 86400 seconds`);
}

interface Hello {
  readonly token: string;
  readonly rank: number;
  readonly size: number;
}

/** What rank 0 answers: its text, or why there is none. */
type Answer = { readonly text: string } | { readonly error: string };

const LOOPBACK = "127.0.0.1";
const MOST_BYTES = 1 << 16;
const RETRY_MS = 100;

/**
 * Gives every rank the text of rank 0, once all of them are there. Rank 0 listens, the others
 * connect and say the job's token, their rank and the number of ranks.
 *
 * @param text Of rank 0, such as NCCL's unique id; the others' is not looked at.
 * @throws {Error} on every rank that can be reached, naming the ranks that did not come in time, a
 *   rank that came twice or another number of ranks; on rank 0 also when its port is in use.
 */
export async function rendezvous(text: string, options: RendezvousOptions): Promise<string> {
  if (options.size === 1) return text;
  return options.rank === 0 ? await host(text, options) : await join(options);
}

async function host(text: string, options: RendezvousOptions): Promise<string> {
  const { size, port, host: hostname, timeoutSeconds, token } = options;
  let listener: Deno.TcpListener;
  try {
    // Ranks of one machine are not to be reached from others.
    listener = Deno.listen({ port, hostname: hostname === LOOPBACK ? LOOPBACK : "0.0.0.0" });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `rank 0 cannot listen on port ${port} (${reason}); another job may use it: set ` +
        "CLIPA_MASTER_PORT on all ranks to a free port",
      { cause },
    );
  }
  const come = new Map<number, Deno.TcpConn>();
  const strangers: Deno.TcpConn[] = [];
  let problem = "";
  let wake = () => {};
  const changed = new Promise<void>((resolve) => wake = resolve);
  const timer = setTimeout(wake, timeoutSeconds * 1000);
  const greet = async (connection: Deno.TcpConn) => {
    const hello = await readLine<Hello>(connection).catch(() => null);
    if (hello === null || hello.token !== token) {
      strangers.push(connection);
      await writeLine(connection, { error: "the token is not that of this job" }).catch(() => {});
      return;
    }
    const { rank } = hello;
    if (hello.size !== size) {
      problem = `rank ${rank} says that there are ${hello.size} ranks, rank 0 says ${size}`;
    } else if (come.has(rank) || rank < 1 || rank >= size) {
      problem = `rank ${rank} came twice or is none of ranks 1 to ${size - 1}`;
    }
    come.set(rank, connection);
    if (problem !== "" || come.size === size - 1) wake();
  };
  const accepting = (async () => {
    try {
      for await (const connection of listener) greet(connection);
    } catch { /* the listener was closed */ }
  })();
  await changed;
  clearTimeout(timer);
  if (problem === "" && come.size < size - 1) {
    const missing = Array.from({ length: size - 1 }, (_, i) => i + 1).filter((r) => !come.has(r));
    problem = `${missing.length === 1 ? "rank" : "ranks"} ${missing.join(", ")} did not come to ` +
      `${hostname}:${port} within ${timeoutSeconds} s; start all ${size} ranks, and see that the ` +
      "machines reach each other";
  }
  const answer: Answer = problem === "" ? { text } : { error: problem };
  await Promise.all([...come.values()].map((peer) => writeLine(peer, answer).catch(() => {})));
  for (const connection of [...come.values(), ...strangers]) close(connection);
  listener.close();
  await accepting;
  if (problem !== "") throw new Error(problem);
  return text;
}

async function join(options: RendezvousOptions): Promise<string> {
  const { rank, size, host: hostname, port, token, timeoutSeconds } = options;
  const until = performance.now() + timeoutSeconds * 1000;
  const connection = await connect(options, until);
  // Rank 0 gives up after its own timeout and says who is missing; a little patience lets it.
  const timer = setTimeout(() => close(connection), until - performance.now() + 5000);
  try {
    await writeLine(connection, { token, rank, size } satisfies Hello);
    const answer = await readLine<Answer>(connection);
    if ("error" in answer) throw new Error(`rank ${rank}: ${answer.error}`);
    return answer.text;
  } catch (cause) {
    if (cause instanceof Error && cause.message.startsWith(`rank ${rank}: `)) throw cause;
    throw new Error(`rank ${rank}: rank 0 at ${hostname}:${port} ended before all ranks had come`, {
      cause,
    });
  } finally {
    clearTimeout(timer);
    close(connection);
  }
}

async function connect(options: RendezvousOptions, until: number): Promise<Deno.TcpConn> {
  const { rank, host: hostname, port, timeoutSeconds } = options;
  for (;;) {
    try {
      return await Deno.connect({ hostname, port });
    } catch (cause) {
      if (performance.now() + RETRY_MS > until) {
        throw new Error(
          `rank ${rank}: rank 0 did not come to ${hostname}:${port} within ${timeoutSeconds} s; ` +
            "start it, or correct MASTER_ADDR and MASTER_PORT",
          { cause },
        );
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

async function readLine<T>(connection: Deno.TcpConn): Promise<T> {
  const decoder = new TextDecoder();
  const chunk = new Uint8Array(4096);
  let line = "";
  while (!line.includes("\n")) {
    const count = await connection.read(chunk);
    if (count === null || line.length > MOST_BYTES) throw new Error("the connection ended early");
    line += decoder.decode(chunk.subarray(0, count), { stream: true });
  }
  return JSON.parse(line) as T;
}

async function writeLine(connection: Deno.TcpConn, value: unknown): Promise<void> {
  const bytes = new TextEncoder().encode(JSON.stringify(value) + "\n");
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch { /* closed already */ }
}
