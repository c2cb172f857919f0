/** The processes that train one model together, as the training code sees them. */
export interface RankGroup {
  readonly rank: number;
  /** Number of processes; 1 for a process on its own. */
  readonly size: number;
  /** While true, a stop by the user is left to the work, which ends on all ranks together. */
  endsTogether: boolean;
  /** One text of every rank, in their order. All ranks call it together, as every method here. */
  gather(text: string): Promise<string[]>;
  /** The value of rank 0, as JSON; the others' is not looked at. */
  share<T>(value: T): Promise<T>;
  /** Overwrites the array with that of rank 0. */
  broadcast(values: Float32Array): Promise<void>;
  /** The numbers of all ranks, equally many of each, in their order. */
  collect(values: Float32Array<ArrayBuffer>): Promise<Float32Array<ArrayBuffer>>;
  /** Waits until all ranks are here. */
  barrier(): Promise<void>;
  /** Runs `work` on rank 0 first and on the others once it is done: they find what it made. */
  inTurn<T>(work: () => T | Promise<T>): Promise<T>;
  /** What is wrong between the ranks, as a sentence; empty while nothing is. */
  failure(): string;
  /** Ends the other ranks too, telling them why. */
  abort(reason: string): void;
  /** Leaves the group; every rank must, unless it failed. */
  close(): Promise<void>;
}

/** A process on its own: nothing is sent, nothing can fail. */
export const SOLO: RankGroup = {
  rank: 0,
  size: 1,
  endsTogether: false,
  gather: (text) => Promise.resolve([text]),
  share: (value) => Promise.resolve(value),
  broadcast: () => Promise.resolve(),
  collect: (values) => Promise.resolve(values.slice()),
  barrier: () => Promise.resolve(),
  inTurn: async (work) => await work(),
  failure: () => "",
  abort: () => {},
  close: () => Promise.resolve(),
};

/**
 * Checks that something is the same on all ranks, such as the recipe or the native library.
 *
 * @param what Names what is compared, with an article.
 * @param advice What to do where it is not the same.
 * @throws {Error} on every rank, naming both values and whose they are.
 */
export async function agree(
  group: RankGroup,
  what: string,
  value: string,
  advice = "give all ranks the same files and options",
): Promise<void> {
  const values = await group.gather(value);
  const other = values.findIndex((seen) => seen !== values[0]);
  if (other < 0) return;
  throw new Error(
    `${what} differs between the ranks: rank 0 has ${values[0]}, rank ${other} has ` +
      `${values[other]}; ${advice}`,
  );
}
