import { decodeTarHeader, TAR_BLOCK, type TarMember } from "./tar_header.ts";

/** One sample of a webdataset shard: the files that share a key. */
export interface ShardSample {
  /** The name up to the first dot of its last part. An opaque string, never a path to open. */
  key: string;
  /** Bytes by extension (all after the first dot), such as `png`, `txt`, `json`, `seg.png`. */
  files: Map<string, Uint8Array>;
  /** Byte of the shard where the sample's first header stands. */
  at: number;
  /** Byte behind its last file, padding included. */
  end: number;
}

/** Where the bytes of a shard come from. */
export interface TarInput {
  /** For errors: a path or an address. */
  readonly name: string;
  /** Fills a part of the buffer; null at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Passes over bytes without reading them, and says over how many: fewer at the end. */
  skip?(bytes: number): Promise<number>;
}

/** A sample that was left out, and why. */
export interface BrokenSample {
  key: string;
  reason: string;
  at: number;
}

/** Limits and callbacks of {@link readTar}. */
export interface ReadTarOptions {
  /** Largest file of a sample, bytes. Default 32 MiB. */
  maxFileBytes?: number;
  /** Most files a sample may have. Default 64. */
  maxFiles?: number;
  /** Called for each sample left out. */
  onBroken?: (sample: BrokenSample) => void;
  /** Byte of the shard at which the input begins: the `end` of a sample. Default 0. */
  from?: number;
  /** Extensions of files that are passed over: they are there, but empty. Default none. */
  passed?: readonly string[];
}

const MAX_KEY_LENGTH = 240;
const MAX_EXTENDED_HEADER = 64 << 10;
/** The read buffer grows from one to the other, and further for a larger file of a sample. */
const READING_BUFFER = [64 << 10, 1 << 20] as const;
/** The same where most files are passed over. */
const PASSING_BUFFER = [4096, 4096] as const;

/**
 * Read a webdataset shard as a stream: nothing is extracted, no name is used as a path, and memory
 * stays within one sample. Links, devices and folders are ignored. A member that is too large, has
 * a name no sample can have, or whose size or name is overridden by an extended header makes its
 * sample broken: reported to `onBroken` and skipped, the others stay as they are.
 *
 * @throws {SyntaxError} when the shard is truncated or damaged; names the file and the byte.
 *
 * @example
 * ```ts ignore
 * for await (const { key, files } of readTar("train-00000.tar")) console.log(key, [...files.keys()]);
 * ```
 */
export async function* readTar(
  source: string | TarInput,
  options: ReadTarOptions = {},
): AsyncGenerator<ShardSample, void, void> {
  if (typeof source !== "string") return yield* readSamples(source, options);
  using file = await Deno.open(source, { read: true });
  if (options.from) await file.seek(options.from, Deno.SeekMode.Start);
  yield* readSamples({ name: source, read: (buffer) => file.read(buffer) }, options);
}

/** The sample that stands alone in a part of a shard, from its `at` to its `end`. */
export async function readSample(
  name: string,
  part: Uint8Array,
  options: ReadTarOptions,
): Promise<ShardSample | undefined> {
  // The end mark makes the part a whole tar.
  const whole = new Uint8Array(part.length + 2 * TAR_BLOCK);
  whole.set(part);
  let at = 0;
  const read = (buffer: Uint8Array) => {
    const piece = whole.subarray(at, at + buffer.length);
    buffer.set(piece);
    at += piece.length;
    return Promise.resolve(piece.length === 0 ? null : piece.length);
  };
  for await (const sample of readSamples({ name, read }, options)) return sample;
  return undefined;
}

async function* readSamples(
  source: TarInput,
  options: ReadTarOptions,
): AsyncGenerator<ShardSample, void, void> {
  const { maxFileBytes = 32 << 20, maxFiles = 64, onBroken = () => {}, from = 0 } = options;
  const passed = options.passed ?? [];
  const path = source.name;
  // Where most is passed over, little is read at once.
  const sizes = passed.length > 0 && source.skip ? PASSING_BUFFER : READING_BUFFER;
  const input = blockReader(source, from, sizes);
  let sample: ShardSample | undefined;
  let broken: string | undefined;
  let overridden = false;

  const finish = (): ShardSample | undefined => {
    const done = sample;
    sample = undefined;
    if (done && broken !== undefined) onBroken({ key: done.key, reason: broken, at: done.at });
    const whole = broken === undefined ? done : undefined;
    broken = undefined;
    return whole;
  };

  while (true) {
    const at = input.at;
    const member = await readHeader(input, path);
    if (!member) break;
    const padded = Math.ceil(member.bytes / TAR_BLOCK) * TAR_BLOCK;
    if ("xgLK".includes(member.type)) {
      const limit = MAX_EXTENDED_HEADER;
      const data = member.bytes <= limit ? await input.take(padded) : await input.skip(padded);
      overridden ||= member.type === "L" || !data ||
        overridesMember(data.subarray(0, member.bytes));
      continue;
    }
    if (member.type !== "0") {
      await input.skip(padded);
      overridden = false;
      continue;
    }
    const { key, extension } = splitName(member.name);
    if (sample && sample.key !== key) {
      const whole = finish();
      if (whole) yield whole;
    }
    sample ??= { key, files: new Map(), at, end: at };
    broken ??= overridden
      ? "an extended header changes its name or size"
      : faultOf(member, key, extension, maxFileBytes) ??
        (sample.files.has(extension) ? `two .${extension} files` : undefined) ??
        (sample.files.size >= maxFiles ? `more than ${maxFiles} files` : undefined);
    overridden = false;
    if (broken !== undefined) await input.skip(padded);
    else if (passed.includes(extension)) {
      await input.skip(padded);
      sample.files.set(extension, new Uint8Array());
    } else sample.files.set(extension, (await input.take(padded)).slice(0, member.bytes));
    sample.end = input.at;
  }
  const last = finish();
  if (last) yield last;
}

function faultOf(
  member: TarMember,
  key: string,
  extension: string,
  maxFileBytes: number,
): string | undefined {
  if (member.bytes > maxFileBytes) {
    return `a file of ${member.bytes} bytes; ${maxFileBytes} allowed`;
  }
  if (key.length === 0 || extension.length === 0) {
    return `the name "${member.name}"; key.ext allowed`;
  }
  if (key.length > MAX_KEY_LENGTH) return `a key of ${key.length} characters`;
  if (key.split("/").includes("..") || key.startsWith("/")) return `the name "${member.name}"`;
  return undefined;
}

function splitName(name: string): { key: string; extension: string } {
  const plain = name.startsWith("./") ? name.slice(2) : name;
  const dot = plain.indexOf(".", plain.lastIndexOf("/") + 1);
  if (dot < 0) return { key: plain, extension: "" };
  return { key: plain.slice(0, dot), extension: plain.slice(dot + 1).toLowerCase() };
}

/** Whether pax records name a path or size; times and owners are harmless. */
function overridesMember(data: Uint8Array): boolean {
  return /(^|\n)\d+ (path|size|GNU\.sparse[^=]*)=/.test(new TextDecoder().decode(data));
}

async function readHeader(input: BlockReader, path: string): Promise<TarMember | undefined> {
  const at = input.at;
  const block = await input.take(TAR_BLOCK);
  try {
    const member = decodeTarHeader(block);
    // The end mark is two zero blocks; one alone means that the file was cut inside the mark.
    if (!member && decodeTarHeader(await input.take(TAR_BLOCK))) {
      throw new SyntaxError("a zero block between members");
    }
    return member;
  } catch (error) {
    if (!(error instanceof SyntaxError) || error.message.startsWith(path)) throw error;
    throw new SyntaxError(
      `${path}: byte ${at}: ${error.message}; this is not a whole tar shard; fetch or build it again`,
    );
  }
}

interface BlockReader {
  /** Bytes consumed so far. */
  readonly at: number;
  /** The next bytes, valid until the next call. */
  take(bytes: number): Promise<Uint8Array>;
  skip(bytes: number): Promise<undefined>;
}

/** @param sizes Bytes of the buffer at first, small since many shards are read at a time, and at most. */
function blockReader(
  source: TarInput,
  start: number,
  sizes: readonly [first: number, largest: number],
): BlockReader {
  const [first, largest] = sizes;
  let buffer = new Uint8Array(first);
  let from = 0, to = 0, at = start;
  const fill = async (wanted: number) => {
    if (to - from >= wanted) return;
    // One that was filled to its end belongs to a shard that is worth a larger one.
    const larger = to === buffer.length ? Math.min(2 * buffer.length, largest) : 0;
    if (buffer.length < Math.max(wanted, larger)) {
      const grown = new Uint8Array(Math.max(wanted, larger));
      grown.set(buffer.subarray(from, to));
      buffer = grown;
    } else buffer.copyWithin(0, from, to);
    to -= from;
    from = 0;
    while (to < wanted) {
      const n = await source.read(buffer.subarray(to));
      if (n === null) {
        throw new SyntaxError(
          `${source.name}: ends at byte ${at + to}, ${wanted - to} bytes too early; ` +
            `a whole shard ends with two zero blocks; fetch or build it again`,
        );
      }
      to += n;
    }
  };
  const take = async (bytes: number) => {
    await fill(bytes);
    from += bytes;
    at += bytes;
    return buffer.subarray(from - bytes, from);
  };
  return {
    get at() {
      return at;
    },
    take,
    async skip(bytes) {
      let left = bytes;
      if (source.skip && left > to - from) {
        left -= to - from;
        at += to - from;
        from = to;
        const over = await source.skip(left);
        left -= over;
        at += over;
      }
      while (left > 0) {
        const n = Math.min(left, buffer.length);
        await take(n);
        left -= n;
      }
      return undefined;
    },
  };
}
