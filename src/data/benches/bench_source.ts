/** A picture of a benchmark before it is read, and what belongs to it: a class index, or captions. */
export interface BenchPicture<Part> {
  /** Its name in reports. */
  readonly key: string;
  readonly part: Part;
  /** The bytes of its file. @throws {Deno.errors.NotFound} when there is none. */
  bytes(): Uint8Array | Promise<Uint8Array>;
}

/** Told of each sample that is left out; the message begins with the kind of the fault and a colon. */
export type OnBroken = (key: string, message: string) => void;

/** Pictures that are finished together: what an interrupted evaluation goes on after. */
export interface BenchPart<Part> {
  /** A shard's name, or the number of a group of files. */
  readonly name: string;
  /** Changes when the files change. */
  stamp(): string;
  /** Samples, those included that cannot be read; nothing is decoded. */
  count(): number | Promise<number>;
  pictures(onBroken: OnBroken): Iterable<BenchPicture<Part>> | AsyncIterable<BenchPicture<Part>>;
}

/** The pictures of a benchmark, whatever its layout on disk. */
export interface BenchSource<Part> {
  /** What the source is called in results: its folder or glob. */
  readonly name: string;
  readonly parts: readonly BenchPart<Part>[];
}
