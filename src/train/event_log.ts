/** Something that a run did besides its steps. */
export interface RunEvent {
  /**
   * `start`, `resume`, `skip`, `rewind`, `repair`, `library`, `wait`, `broken`, `data`, `stop` or
   * `end`; see {@linkcode EventLog}.
   */
  readonly kind: string;
  /** Stage, where there is one. */
  readonly stage?: string;
  /** Steps done in the stage, where there is one. */
  readonly step?: number;
  /** One sentence. */
  readonly note: string;
}

/** A line of `events.jsonl`. */
export interface EventLine extends RunEvent {
  /** ISO 8601, UTC. */
  readonly time: string;
}

/**
 * Appends what happened to a run to `events.jsonl`, one JSON object a line, with its time. Lines are
 * never taken back, also when the run goes on from an earlier step:
 *
 * - `start`, `resume`, `stop`, `end`: the run as a process.
 * - `skip`: a step that changed nothing; the note says why.
 * - `rewind`: the run went back to a checkpoint and left a stretch of data out.
 * - `repair`: a checkpoint or its pointer was missing or damaged, and what was done about it.
 * - `library`: the native library is another build than that of the checkpoint.
 * - `broken`: a sample of a stream was left out; the first of a stage are named, all are counted.
 * - `data`: what a stage read from its stream, and what was left out why.
 * - `wait`: a stage of the work was waited for unusually long.
 */
export class EventLog implements Disposable {
  readonly #file: Deno.FsFile;

  /** Opens the file for writing; the torn last line of a killed process is cut off. */
  constructor(path: string) {
    this.#file = Deno.openSync(path, { read: true, write: true, create: true });
    const bytes = Deno.readFileSync(path);
    const end = bytes.lastIndexOf(10) + 1;
    if (end < bytes.length) this.#file.truncateSync(end);
    this.#file.seekSync(0, Deno.SeekMode.End);
  }

  /** Writes one event. */
  write(event: RunEvent): void {
    const line: EventLine = { time: new Date().toISOString(), ...event };
    const bytes = new TextEncoder().encode(JSON.stringify(line) + "\n");
    for (let at = 0; at < bytes.length;) at += this.#file.writeSync(bytes.subarray(at));
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Reads the events of a run; a torn last line is left out, a missing file has none. */
export function readEvents(path: string): EventLine[] {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return text.slice(0, text.lastIndexOf("\n") + 1).split("\n").filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}
