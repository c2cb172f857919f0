/** A script of `tests/goldens/peers/`, which measures something for every line it reads. */
export class PeerProcess {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: LineReader;

  constructor(python: string, script: string, args: readonly string[], signal: AbortSignal) {
    const path = new URL(`../../../tests/goldens/peers/${script}`, import.meta.url).pathname;
    this.#child = new Deno.Command(python, {
      args: [decodeURIComponent(path), ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
      signal,
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    const lines = this.#child.stdout.pipeThrough(new TextDecoderStream());
    this.#answers = new LineReader(lines.getReader());
  }

  /** Waits until the peer is warm; returns its name and version. */
  async start(): Promise<string> {
    return JSON.parse(await this.#answers.next()).framework;
  }

  /** Seconds of what the line asks for. */
  async seconds(line = ""): Promise<number> {
    await this.#input.write(new TextEncoder().encode(`${line}\n`));
    return Number(JSON.parse(await this.#answers.next()).seconds);
  }

  async end(): Promise<void> {
    // It may have ended by itself; its exit is what counts.
    await this.#input.close().catch(() => {});
    await this.#child.status;
  }
}

/** Whole lines of a text stream. */
class LineReader {
  #rest = "";
  constructor(readonly reader: ReadableStreamDefaultReader<string>) {}

  async next(): Promise<string> {
    while (!this.#rest.includes("\n")) {
      const { value, done } = await this.reader.read();
      if (done) throw new Error("the peer ended before it answered; see its message above");
      this.#rest += value;
    }
    const cut = this.#rest.indexOf("\n");
    const line = this.#rest.slice(0, cut);
    this.#rest = this.#rest.slice(cut + 1);
    return line;
  }
}
