import { Exchange } from "../native/dist_symbols.ts";
import { nativeLibrary } from "../native/library.ts";
import type { RankGroup } from "./rank_group.ts";
import type { Environment, RankInfo } from "./ranks.ts";

/** Seconds without a sign of life after which a rank counts as lost. */
export const SILENCE_SECONDS = 8;
/** Seconds that a collective may take: a rank may evaluate while the others wait. */
export const TIMEOUT_SECONDS = 3600;
/** Seconds that a rank which has failed gives the others to say what they saw. */
export const LAST_WORDS_SECONDS = 5;

/** Most bytes that one exchange carries. */
const PART_BYTES = 1 << 26;

/** What went wrong between the ranks. */
export class RankError extends Error {
  override readonly name = "RankError";
}

/** A rank was stopped before all ranks had joined. */
export class JoinError extends Error {
  override readonly name = "JoinError";
}

/** Opens the engine of the native library that carries the ranks' bytes: a path, or the system's. */
export function loadEngine(path: string | undefined): void {
  const status = nativeLibrary().symbols.clipa_dist_load(cText(path ?? ""));
  if (status !== 0) throw new RankError(lastMessage());
}

/**
 * A text of rank 0 that the others need to join it; for libraries whose ranks meet without MPI.
 *
 * @throws {RankError} when the library needs none.
 */
export function newIdentity(): string {
  const text = new Uint8Array(1024);
  const status = nativeLibrary().symbols.clipa_dist_identity(text, BigInt(text.length));
  if (status !== 0) throw new RankError(lastMessage());
  return cString(text);
}

/** Where a process stands among ranks that meet without MPI. */
export interface MeetingPlace {
  /** From {@linkcode newIdentity} of rank 0. */
  readonly identity: string;
  /** Of rank 0. */
  readonly host: string;
  readonly rank: number;
  readonly size: number;
  /** Number of this rank's device. */
  readonly device: number;
}

/** Says where this process stands, before {@linkcode joinRanks}. */
export function meetAt({ identity, host, rank, size, device }: MeetingPlace): void {
  const status = nativeLibrary().symbols.clipa_dist_meet(
    cText(identity),
    cText(host),
    rank,
    size,
    device,
  );
  if (status !== 0) throw new RankError(lastMessage());
}

/**
 * Waits, once this process has said why it ends, until the other ranks have said so too, at most
 * {@linkcode LAST_WORDS_SECONDS}: launchers end all ranks as soon as one has ended with a failure.
 *
 * ```ts
 * await lastWords(); // at once in a process that never joined others
 * ```
 *
 * @returns False when the process has not met others.
 */
export async function lastWords(): Promise<boolean> {
  return await nativeLibrary().symbols.clipa_dist_part(1000 * LAST_WORDS_SECONDS) === 0;
}

/**
 * Joins the other ranks through the engine that was loaded.
 *
 * @param info What the environment says of this process.
 * @throws {RankError} when they cannot be joined.
 */
export async function joinRanks(info: RankInfo, env: Environment): Promise<RankGroup> {
  const { symbols } = nativeLibrary();
  const silence = seconds(env, "CLIPA_DIST_SILENCE", SILENCE_SECONDS);
  const timeout = seconds(env, "CLIPA_DIST_TIMEOUT", TIMEOUT_SECONDS);
  if (await symbols.clipa_dist_open(silence * 1000, timeout * 1000) !== 0) {
    const reason = failure() || "the ranks cannot be joined twice in one process";
    throw new RankError(`rank ${info.rank} ends: ${reason}`);
  }
  const rank = new Int32Array(1), size = new Int32Array(1);
  symbols.clipa_dist_ranks(rank, size);
  return new NativeGroup(rank[0], size[0]);
}

class NativeGroup implements RankGroup {
  readonly rank: number;
  readonly size: number;
  endsTogether = false;

  constructor(rank: number, size: number) {
    this.rank = rank;
    this.size = size;
  }

  async gather(text: string): Promise<string[]> {
    const bytes = new TextEncoder().encode(text);
    const lengths = new Int32Array(
      (await this.#exchange(Exchange.GATHER, viewBytes(Int32Array.of(bytes.length)))).buffer,
    );
    const most = Math.max(1, ...lengths);
    const padded = new Uint8Array(most);
    padded.set(bytes);
    const all = await this.#exchange(Exchange.GATHER, padded);
    return Array.from(lengths, (length, i) =>
      new TextDecoder().decode(
        all.subarray(i * most, i * most + length),
      ));
  }

  async share<T>(value: T): Promise<T> {
    const bytes = new TextEncoder().encode(this.rank === 0 ? JSON.stringify({ value }) : "");
    const length = viewBytes(Int32Array.of(bytes.length));
    const [count] = new Int32Array((await this.#exchange(Exchange.BROADCAST, length)).buffer);
    const whole = new Uint8Array(count);
    if (this.rank === 0) whole.set(bytes);
    await this.#spread(whole);
    return (JSON.parse(new TextDecoder().decode(whole)) as { value: T }).value;
  }

  async broadcast(values: Float32Array): Promise<void> {
    await this.#spread(viewBytes(values));
  }

  async collect(values: Float32Array<ArrayBuffer>): Promise<Float32Array<ArrayBuffer>> {
    const bytes = viewBytes(values);
    const all = new Uint8Array(bytes.length * this.size);
    for (let at = 0; at < bytes.length; at += PART_BYTES) {
      const part = bytes.subarray(at, at + PART_BYTES);
      const gathered = await this.#exchange(Exchange.GATHER, part);
      for (let rank = 0; rank < this.size; rank++) {
        const from = rank * part.length;
        all.set(gathered.subarray(from, from + part.length), rank * bytes.length + at);
      }
    }
    return new Float32Array(all.buffer);
  }

  async barrier(): Promise<void> {
    await this.#exchange(Exchange.GATHER, new Uint8Array(1));
  }

  async inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    if (this.rank !== 0) await this.barrier();
    const done = await work();
    if (this.rank === 0) await this.barrier();
    return done;
  }

  failure(): string {
    return failure();
  }

  abort(reason: string): void {
    nativeLibrary().symbols.clipa_dist_abort(cText(reason));
  }

  async close(): Promise<void> {
    const status = await nativeLibrary().symbols.clipa_dist_close();
    if (status !== 0) throw new RankError(failure());
  }

  async #spread(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    for (let at = 0; at < bytes.length; at += PART_BYTES) {
      const part = bytes.subarray(at, at + PART_BYTES);
      part.set(await this.#exchange(Exchange.BROADCAST, part));
    }
  }

  async #exchange(kind: number, data: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    const { symbols } = nativeLibrary();
    const ticket = new BigUint64Array(1);
    const posted = symbols.clipa_dist_post(kind, 0, data, BigInt(data.length), ticket);
    if (posted !== 0) throw new RankError(failure() || lastMessage());
    if (await symbols.clipa_dist_wait(ticket[0]) !== 0) throw new RankError(failure());
    const out = new Uint8Array(data.length * (kind === Exchange.GATHER ? this.size : 1));
    if (symbols.clipa_dist_take(ticket[0], out, BigInt(out.length)) !== 0) {
      throw new RankError(lastMessage());
    }
    return out;
  }
}

function seconds(env: Environment, name: string, usual: number): number {
  const text = env(name);
  const value = text === undefined ? usual : Number(text);
  if (!(value >= 1 && value <= 1e6)) {
    throw new RangeError(`${name} is "${text}"; allowed: 1 to 1000000 seconds`);
  }
  return value;
}

function failure(): string {
  const text = new Uint8Array(2048);
  nativeLibrary().symbols.clipa_dist_failure(text, 2048n);
  return cString(text);
}

function lastMessage(): string {
  const text = new Uint8Array(2048);
  nativeLibrary().symbols.clipa_error_message(0n, text, 2048n);
  return cString(text).replace(/^clipa_dist_\w+: /, "");
}

function cText(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

function cString(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
}

function viewBytes(values: Int32Array | Float32Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
}
